//! Pools of threads that stay on cores of their own.
//!
//! Some schedulers, of virtual machines above all, pack threads that sleep and wake often onto one
//! core: two threads were then measured to be no faster than one at work of a few milliseconds. What
//! threads are worth is asked of cores, so each thread of a pool is bound to one, by `taskset`;
//! where there is no such program they stay unbound.

#![allow(unreachable_pub, clippy::expect_used, reason = "a benchmark that cannot run must stop")]

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::process::{Command, Stdio};

/// A pool of so many threads, each bound to a core.
pub fn pool(threads: usize) -> ThreadPool {
    let pool = ThreadPoolBuilder::new().num_threads(threads).start_handler(bind).build();
    let pool = pool.expect("threads");
    // Once every thread has answered, all are bound.
    pool.broadcast(|_| ());
    pool
}

/// Binds this thread to the core of this number.
fn bind(core: usize) {
    let Ok(link) = std::fs::read_link("/proc/thread-self") else { return };
    let Some(thread) = link.file_name() else { return };
    let _bound = Command::new("taskset")
        .args(["-pc", &core.to_string()])
        .arg(thread)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}
