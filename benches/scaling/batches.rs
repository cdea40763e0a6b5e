//! Many presentations at once: what the size of a batch is worth, what threads are, and the memory of a
//! stream of proofs.

use crate::cores;
use crate::crowd::Crowd;
use crate::series::{Effort, Scale, Series};
use std::process::Command;

/// What makes this program measure its own memory.
pub(crate) const MEMORY: &str = "--memory";

/// Cost of verifying against the size of the batch.
pub(crate) fn batch(effort: Effort) -> Series {
    let mut series = Series::new(
        "Presentations verified as a batch, on one thread",
        "presentations",
        [Scale::Logarithmic; 2],
        &[("each of a batch", "ms"), ("one by one", "ms")],
    );
    let sizes = effort.points(&[1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000], 4);
    let most = sizes.last().copied().unwrap_or(1);
    let crowd = Crowd::new(most);
    let answers = cores::pool(2).install(|| crowd.answers());
    let one = cores::pool(1);
    // One by one costs the same whatever the number: it is measured once.
    let alone = one.install(|| effort.milliseconds(|| crowd.verify_each(&answers[..1])));
    for size in sizes {
        let whole = one.install(|| effort.milliseconds(|| crowd.verify_all(&answers[..size])));
        series.push(size as f64, vec![whole / size as f64, alone]);
    }
    series
}

/// Presentations a second against threads.
pub(crate) fn throughput(effort: Effort) -> Series {
    let mut series = Series::new(
        "Batches of presentations",
        "threads",
        [Scale::Linear; 2],
        &[("proven", "a second"), ("verified", "a second"), ("verified one by one", "a second")],
    );
    let count = match effort {
        Effort::Quick => 20,
        Effort::Full => 500,
    };
    let crowd = Crowd::new(count);
    let answers = crowd.answers();
    for threads in [1, 2] {
        let pool = cores::pool(threads);
        let rate = |run: &(dyn Fn() + Sync)| {
            pool.install(|| count as f64 * 1e3 / effort.milliseconds(run))
        };
        let values = vec![
            rate(&|| crowd.prove(count, |octets| drop(std::hint::black_box(octets)))),
            rate(&|| crowd.verify_all(&answers)),
            rate(&|| crowd.verify_each(&answers)),
        ];
        series.push(threads as f64, values);
    }
    series
}

/// Peak memory of a stream of proofs, on two threads, beyond credential, keys and requests. Each point is
/// measured in a process of its own, so that no other series shows.
pub(crate) fn memory(effort: Effort) -> Series {
    let mut series = Series::new(
        "Memory of proving in a stream, on two threads, beyond inputs",
        "presentations",
        [Scale::Logarithmic, Scale::Linear],
        &[("peak", "MiB")],
    );
    let program = std::env::current_exe().expect("this program's path");
    for count in effort.points(&[100usize, 1_000, 10_000], 1) {
        let output = Command::new(&program).args([MEMORY, &count.to_string()]).output();
        let output = output.expect("this program runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let kibibytes: f64 = text.trim().parse().expect("a number of KiB");
        series.push(count as f64, vec![kibibytes / 1024.0]);
    }
    series
}

/// Proves so many presentations in a stream, and prints by how many KiB memory rose at most.
pub(crate) fn print_memory(count: usize) {
    let crowd = Crowd::new(count);
    let pool = cores::pool(2);
    let before = status("VmRSS:");
    // The peak counts from now on, where the kernel lets it be reset.
    let _reset = std::fs::write("/proc/self/clear_refs", "5");
    let mut octets = 0;
    pool.install(|| crowd.prove(count, |answer| octets += answer.len()));
    assert!(octets > 0, "something was proven");
    println!("{}", status("VmHWM:").saturating_sub(before));
}

/// A figure of the kernel about this process, in KiB.
fn status(field: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix(field)).expect("the field");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
