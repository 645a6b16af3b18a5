//! The parts that panes are put together from. A part draws what it is given and knows nothing of panes.

pub mod header;
