//! Times that were measured many times.

use std::fmt;

/// Milliseconds, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Sample(Vec<f64>);

impl Sample {
    /// From times in any order.
    pub(super) fn new(mut milliseconds: Vec<f64>) -> Self {
        milliseconds.sort_by(f64::total_cmp);
        Self(milliseconds)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value below which so many hundredths of them are.
    pub(super) fn percentile(&self, hundredths: usize) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let index = (last * hundredths + 50) / 100;
        self.0.get(index).copied().unwrap_or(f64::NAN)
    }

    /// The one in the middle.
    pub(super) fn median(&self) -> f64 {
        self.percentile(50)
    }
}

/// Median, and in brackets where the half around it lies.
impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.1} ({:.1} – {:.1})",
            self.median(),
            self.percentile(25),
            self.percentile(75)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_times_lie_around_the_median() {
        let sample = Sample::new((0..=100).rev().map(f64::from).collect());
        assert_eq!(sample.to_string(), "50.0 (25.0 – 75.0)");
        assert!(Sample::default().median().is_nan());
    }
}
