//! A runtime that does nothing but drive connections.

use tokio::runtime::{Builder, Handle, Runtime};

/// A socket is driven by the runtime that opened it, and every actix worker is a runtime of its own
/// that may be busy rendering. May be dropped anywhere: a plain runtime panics when dropped inside
/// async code.
#[derive(Debug)]
pub(crate) struct DrivingRuntime(Option<Runtime>, Handle);

impl DrivingRuntime {
    /// Starts one with a thread of this name.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(crate) fn start(name: &'static str) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name(name).enable_all().build()?;
        let handle = runtime.handle().clone();
        Ok(Self(Some(runtime), handle))
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.1
    }
}

impl Drop for DrivingRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
