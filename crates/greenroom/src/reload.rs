//! What SIGHUP does: settings that can change are read again, and so are changed scripts.

use std::sync::Arc;

use tokio::signal::unix::Signal;

use crate::config::Config;
use crate::shared::Shared;
use crate::startup::StartupError;

/// Reads the configuration again, from where it was read at the start. Blocks.
pub type ReadConfig = Arc<dyn Fn() -> Result<Config, StartupError> + Send + Sync>;

/// Sees to every SIGHUP.
pub(crate) async fn on_hangup(shared: Arc<Shared>, read: ReadConfig, mut hangups: Signal) {
    let mut running = shared.config.clone();
    while hangups.recv().await.is_some() {
        settings(&shared, &read, &mut running).await;
        tracing::info!("reloading applications with a script");
        shared.xml.hall.reload_plugins().await;
        shared.applications.unload_scripts().await;
    }
}

/// Takes over what has changed of the configuration, and says what waits for a restart. One that
/// cannot be read changes nothing.
async fn settings(shared: &Shared, read: &ReadConfig, running: &mut Config) {
    let read = read.clone();
    let config = match tokio::task::spawn_blocking(move || read()).await {
        Ok(Ok(config)) => config,
        Ok(Err(error)) => {
            tracing::error!(%error, "the configuration was not read again: nothing of it changes");
            return;
        }
        // The panic is in the log.
        Err(_) => return,
    };
    let before = running.clone();
    let reread = running.take_over(&config);
    for key in &reread.at_restart {
        tracing::warn!(key = key.path(), "a changed setting waits for a restart");
    }
    for key in &reread.taken {
        tracing::info!(key = key.path(), "a setting has changed");
    }
    if !reread.taken.is_empty() {
        shared.xml.hall.configure(&before, running).await;
    }
}
