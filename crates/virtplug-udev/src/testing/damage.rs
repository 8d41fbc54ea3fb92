//! Bytes that are not as they should be, the same ones each time.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

pub(crate) struct Damage(TestRunner);

impl Damage {
    pub(crate) fn new() -> Self {
        Self(TestRunner::deterministic())
    }

    /// One of these.
    pub(crate) fn one_of<T: Copy>(&mut self, those: &[T]) -> T {
        those[self.draw(0..those.len())]
    }

    /// The same with up to four bytes exchanged, inserted or cut off from there on.
    pub(crate) fn of(&mut self, good: &[u8]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        let places = prop::collection::vec(any::<(prop::sample::Index, u8, u8)>(), 1..5);
        for (at, value, kind) in self.draw(places) {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match kind % 4 {
                // Nothing at all cannot be sent.
                0 => bytes.truncate(at.max(1)),
                1 => bytes.insert(at, value),
                _ => bytes[at] = value,
            }
        }
        bytes
    }

    fn draw<S: Strategy>(&mut self, strategy: S) -> S::Value {
        strategy.new_tree(&mut self.0).unwrap().current()
    }
}
