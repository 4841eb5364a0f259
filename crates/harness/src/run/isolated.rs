//! Runs in processes of their own: what hangs is ended, and what ends its process costs one run.

use super::interrupt::Interrupt;
use crate::machine;
use crate::plan::Run;
use crate::record::{Outcome, Record, line};
use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long a process that has reached its limit may take to notice it.
const GRACE: Duration = Duration::from_secs(2);
/// How often interruptions and limits are looked at.
const TICK: Duration = Duration::from_millis(50);

/// A process that does runs, one after another. It reads their numbers, and writes a record for each.
pub(super) struct Worker<'a> {
    command: &'a (dyn Fn() -> Command + Sync),
    process: Option<Process>,
}

struct Process {
    child: Child,
    input: ChildStdin,
    lines: Receiver<Vec<u8>>,
}

/// What came of waiting for a record.
enum Waited {
    Record(Box<Record>),
    Ended,
    TooLong,
    Interrupted,
}

impl<'a> Worker<'a> {
    /// One that starts a process by this command as soon as it needs one.
    pub(super) fn new(command: &'a (dyn Fn() -> Command + Sync)) -> Self {
        Self { command, process: None }
    }

    /// Does the run with this number in the plan. Nothing if it was interrupted.
    ///
    /// # Errors
    /// If no process can be started.
    pub(super) fn execute(
        &mut self,
        number: usize,
        run: &Run,
        timeout: Option<Duration>,
        interrupt: &dyn Interrupt,
    ) -> Result<Option<Record>> {
        let start = Instant::now();
        let process = match &mut self.process {
            Some(process) => process,
            None => self.process.insert(Process::start((self.command)())?),
        };
        // A process that is gone is noticed by its lines, which end.
        let _ = writeln!(process.input, "{number}").and_then(|()| process.input.flush());
        let limit = timeout.map(|timeout| timeout + GRACE);
        match process.wait(limit, interrupt) {
            Waited::Record(record) => Ok(Some(*record)),
            Waited::Interrupted => {
                self.end();
                Ok(None)
            }
            Waited::TooLong => {
                self.end();
                Ok(Some(failed(run, Outcome::TimedOut { step: 0 }, start)))
            }
            Waited::Ended => {
                let why = self.end().map_or_else(|| "in an unknown way".to_owned(), describe);
                let why = format!("its process ended {why}");
                Ok(Some(failed(run, Outcome::Failed { why }, start)))
            }
        }
    }

    /// Ends the process, and says how it ended.
    fn end(&mut self) -> Option<ExitStatus> {
        let mut process = self.process.take()?;
        // One that has ended of itself keeps its own status.
        if let Ok(Some(status)) = process.child.try_wait() {
            return Some(status);
        }
        let _ = process.child.kill();
        process.child.wait().ok()
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

impl Process {
    fn start(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        #[cfg(unix)]
        {
            // Ctrl-C is for the sweep, which says what becomes of its runs.
            use std::os::unix::process::CommandExt;
            command.process_group(0);
        }
        let mut child = command.spawn().context("cannot start a process for runs")?;
        let input = child.stdin.take().context("a process without input")?;
        let output = child.stdout.take().context("a process without output")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            loop {
                let mut line = vec![];
                match output.read_until(b'\n', &mut line) {
                    Ok(length) if length > 0 && sender.send(line).is_ok() => {}
                    _ => break,
                }
            }
        });
        Ok(Self { child, input, lines })
    }

    fn wait(&mut self, limit: Option<Duration>, interrupt: &dyn Interrupt) -> Waited {
        let start = Instant::now();
        loop {
            match self.lines.recv_timeout(TICK) {
                // Other lines were printed by something of the user's.
                Ok(line) => {
                    if let Ok(record) = line::read(&line) {
                        return Waited::Record(Box::new(record));
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return self.ended(),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if interrupt.abandon() {
                return Waited::Interrupted;
            }
            if limit.is_some_and(|limit| start.elapsed() > limit) {
                return Waited::TooLong;
            }
        }
    }

    /// Its output is closed; gives it a moment to end, so that it can be said how.
    fn ended(&mut self) -> Waited {
        let start = Instant::now();
        while start.elapsed() < GRACE && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(TICK);
        }
        Waited::Ended
    }
}

/// How a process ended, in words.
fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            let name = match signal {
                6 => " (SIGABRT, as when memory is used up)",
                9 => " (SIGKILL, as by the system when memory is used up)",
                11 => " (SIGSEGV)",
                _ => "",
            };
            return format!("by signal {signal}{name}");
        }
    }
    status.code().map_or_else(|| "in an unknown way".to_owned(), |code| format!("with code {code}"))
}

/// The record of a run that has none of its own.
fn failed(run: &Run, outcome: Outcome, start: Instant) -> Record {
    let mut record = Record::new(&run.id, run.canonical(), outcome);
    record.timing.seconds = start.elapsed().as_secs_f64();
    record.origin = Some(machine::origin());
    record
}

/// Limits the memory of this process, and ends it with its parent. Only on Linux.
///
/// # Errors
/// If the system refuses.
pub fn confine(memory: Option<u64>) -> Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, Rlimit, Signal};
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
            .context("cannot be tied to the sweep")?;
        if memory.is_some() {
            let limit = Rlimit { current: memory, maximum: memory };
            rustix::process::setrlimit(Resource::As, limit).context("memory cannot be limited")?;
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = memory;
    Ok(())
}
