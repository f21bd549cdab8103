//! Listens, serves, stops.

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, FromRequest, Handler, HttpServer, Resource, Responder, middleware, web};

use super::served::Served;
use super::{dispatch, gate, health, jobs, shutdown};
use crate::jobs::{JobWorkers, StopJobs};
use crate::live::Keeper;
use crate::object_log::LogWriter;
use crate::page::Site;
use crate::session::{Sweeper, cookie_layer};
use crate::worker;

/// How long a client may take to send a request's head.
const HEAD_LIMIT: Duration = Duration::from_secs(5);

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// The site stopped for a reason it did not choose.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// `host:port`.
        address: String,
        /// Why: most often somebody else does already.
        #[source]
        source: std::io::Error,
    },
    /// The server failed.
    #[error("the server failed")]
    Server(#[source] std::io::Error),
}

/// A site that is built and does not listen yet.
#[must_use = "a server does nothing until it serves"]
pub struct Server {
    served: Served,
    log_writer: LogWriter,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("site", &self.served.site).finish_non_exhaustive()
    }
}

impl Server {
    pub(super) fn new(served: Served, log_writer: LogWriter) -> Self {
        Self { served, log_writer }
    }

    /// The site.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.served.site
    }

    /// Listens at the configured address until SIGTERM or SIGINT, then finishes what is under way
    /// and returns. A second signal ends the process at once.
    ///
    /// # Errors
    /// [`ServeError`].
    pub async fn serve(self) -> Result<(), ServeError> {
        self.serve_and(|_| {}).await
    }

    /// As [`Server::serve`]; `listening` is told the addresses once they are listened on.
    ///
    /// # Errors
    /// [`ServeError`].
    pub async fn serve_and(self, listening: impl FnOnce(&[std::net::SocketAddr])) -> Result<(), ServeError> {
        let stop = async {
            shutdown::first_signal().await;
            actix_web::rt::spawn(async {
                shutdown::first_signal().await;
                tracing::warn!("stopping at once");
                shutdown::exit_at_once();
            });
        };
        self.serve_until(stop, listening).await
    }

    /// As [`Server::serve_and`], until `stop` is done; signals are left to the program.
    ///
    /// # Errors
    /// [`ServeError`].
    pub async fn serve_until(
        self,
        stop: impl Future<Output = ()> + 'static,
        listening: impl FnOnce(&[std::net::SocketAddr]),
    ) -> Result<(), ServeError> {
        let settings = self.served.site.settings().clone();
        let served = web::Data::new(self.served);
        let sweeper = Sweeper::start(served.site.sessions().clone());
        let _keeper = Keeper::start(served.site.live().clone(), served.site.sessions().clone());
        let started = Arc::new(AtomicUsize::new(0));
        let for_workers = served.clone();
        let address = (settings.server.host.clone(), settings.server.port);
        let http = HttpServer::new(move || {
            // The factory runs once on every worker's own thread.
            worker::enter(started.fetch_add(1, Ordering::SeqCst));
            let sessions = for_workers.site.sessions().clone();
            let layer =
                cookie_layer(sessions, &for_workers.site.parts().secret, for_workers.site.settings().is_https());
            App::new()
                .app_data(for_workers.clone())
                .wrap(layer)
                .wrap(middleware::from_fn(gate::gate))
                .service(reading("/healthz", health::healthz))
                .service(reading("/readyz", health::readyz))
                // A pattern here would be matched against the path of every request.
                .service(web::scope("/assets").service(reading("/{name}", health::asset)))
                .default_service(web::to(dispatch::dispatch))
        })
        .workers(settings.server.workers)
        .max_connections(settings.server.max_connections)
        .client_request_timeout(HEAD_LIMIT)
        .keep_alive(KEEP_ALIVE)
        // A client that closes its side has gone away: what waits for it stops waiting.
        .h1_allow_half_closed(false)
        // Whole seconds only; the exact limit is kept by `stop_after`.
        .shutdown_timeout(settings.shutdown_grace.as_secs() + 1)
        .disable_signals()
        .bind(&address)
        .map_err(|source| ServeError::Bind { address: format!("{}:{}", address.0, address.1), source })?;
        listening(&http.addrs());
        let server = http.run();
        let workers = jobs::start(&served);
        let stop = stop_after(stop, server.handle(), served.clone(), workers.stopper());
        let stopping = actix_web::rt::spawn(stop);
        let outcome = server.await.map_err(ServeError::Server);
        stopping.abort();
        finish(&served, workers, sweeper, self.log_writer, settings.shutdown_grace).await;
        outcome
    }
}

/// A resource that is only read: GET and HEAD.
fn reading<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args> + Clone,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(health::reading_only))
}

async fn stop_after(stop: impl Future<Output = ()>, handle: ServerHandle, served: web::Data<Served>, jobs: StopJobs) {
    stop.await;
    jobs.ask();
    served.draining.store(true, Ordering::SeqCst);
    served.site.live().stop();
    tracing::info!("stopping: no new requests; those under way are finished");
    let grace = served.site.settings().shutdown_grace;
    if tokio::time::timeout(grace, handle.stop(true)).await.is_err() {
        tracing::warn!("some requests did not end within the grace time and are cut off");
        handle.stop(false).await;
    }
}

/// Whatever clients left behind is finished, what was seen is written down, connections are closed.
async fn finish(served: &Served, workers: JobWorkers, sweeper: Sweeper, log_writer: LogWriter, grace: Duration) {
    let all_idle = async {
        while served.modules.iter().any(|module| module.status().active > 0) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    if tokio::time::timeout(grace, all_idle).await.is_err() {
        tracing::warn!("what clients left behind did not end within the grace time");
    }
    for module in &served.modules {
        module.close();
    }
    workers.stop(grace).await;
    sweeper.stop().await;
    served.start.end().await;
    served.site.application().finish(grace).await;
    if let Some(cluster) = served.site.application().cluster() {
        cluster.leave().await;
    }
    served.site.application().stop();
    served.objects.stop();
    log_writer.stop().await;
    served.site.db().close().await;
    tracing::info!("stopped");
}

/// Runs a program on the runtime the framework needs. To be called from `main`.
///
/// # Panics
/// Where the system cannot give it a thread or an event queue.
pub fn run(program: impl Future<Output = ExitCode>) -> ExitCode {
    actix_web::rt::System::new().block_on(program)
}
