//! What somebody decides by hand.

use super::Engine;
use crate::order::{Order, Orders};

impl Engine {
    pub(super) fn ordered(&mut self, _order: Order) {}

    pub(super) fn restore(&mut self, _orders: Orders) {}
}
