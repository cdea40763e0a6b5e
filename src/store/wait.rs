//! Waiting for a future where nothing can be awaited.
//!
//! Traits such as [`NonceStore`](crate::request::NonceStore) are synchronous. A runtime's own
//! `block_on` panics within a runtime; the store needs no runtime, as its connections have threads of
//! their own. So the thread that waits just sleeps until it is woken.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

struct Sleeper(Thread);

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future of the store. Within a task of a runtime it holds up the task's thread.
pub fn wait<F: Future>(future: F) -> F::Output {
    // Without this, a task that has used up its share of a runtime's time would wait for ever: the
    // runtime lets it go on only after it has returned.
    let mut future = pin!(tokio::task::unconstrained(future));
    let waker = Waker::from(Arc::new(Sleeper(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
