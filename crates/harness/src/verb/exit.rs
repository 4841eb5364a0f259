/// How a verb ended, as an exit code. Code 2 is for errors of usage and input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Success.
    Ok = 0,
    /// A check failed, or more runs failed than were allowed.
    Failed = 1,
    /// `compare --gate`: the second result is worse.
    Worse = 3,
    /// `compare --gate`: nothing could be compared.
    Incomparable = 4,
    /// The user interrupted it.
    Interrupted = 130,
}
