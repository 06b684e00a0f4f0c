//! A process that ends while it waits for the provider: nothing after the call happens any more.

use std::time::Duration;

use sekisho::demo::provider::steering::Control;

use super::deployment::Deployment;
use super::exchange::Call;

/// Sends the call to a process of its own and ends that process as soon as the provider has been called. The answer
/// of the provider is held back; everything the process had in memory is gone.
pub(crate) async fn crash_while_asking(deployment: &Deployment, call: Call) {
    let before = deployment.provider().calls().len();
    let slow = Control { delay_ms: 60_000, ..Control::default() };
    deployment.provider().steer(slow);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let build = deployment.process(13);
    let process = runtime.spawn(async move {
        let (_app, router) = build.await;
        call.to(&router).await
    });
    while deployment.provider().calls().len() == before {
        assert!(!process.is_finished(), "the provider was not called");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    runtime.shutdown_background();
    assert!(process.await.unwrap_err().is_cancelled(), "the process ended before it could answer");
    deployment.provider().steer(Control::default());
}
