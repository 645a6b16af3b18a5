//! What a change needs before it may be sent.

/// What stage 2 asks for: the strictest that applies (safety.md's table).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tier {
    /// Enter alone.
    Enter,
    /// The new count.
    TypeCount(u32),
    /// The new count, and a reason.
    TypeCountAndReason(u32),
    /// The service's name.
    TypeName(String),
}
