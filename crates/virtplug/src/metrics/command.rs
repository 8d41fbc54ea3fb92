//! `virtplug metrics`.

use std::path::PathBuf;

use clap::Args;
use virtplug_ipc::{Control as _, Metric, Metrics, Sample, VERSION};

use super::name::Name;
use super::{http, textfile};
use crate::client::{self, Unreachable, answered};
use crate::exit::Exit;
use crate::output::{message, print, print_json};
use crate::render;

/// How metrics are asked for.
#[derive(Debug, Clone, Args)]
pub(crate) struct MetricsArgs {
    /// Write them to a file, for `node_exporter`'s textfile collector
    ///
    /// The file is replaced as a whole, and everybody may read it. Where the daemon does not run, it
    /// says only that (`virtplug_up 0`), and the command ends with 7. The collector reads
    /// files whose names end in .prom.
    #[arg(long, value_name = "PATH", conflicts_with = "json")]
    textfile: Option<PathBuf>,
    /// Answer an HTTP request for /metrics on the socket that standard input is
    ///
    /// For virtplug-metrics.socket, with which systemd listens at 127.0.0.1:9947 once it is
    /// enabled; one process answers one connection and ends. Where the daemon does not run, the answer
    /// says so (`virtplug_up 0`).
    #[arg(long, conflicts_with_all = ["textfile", "json"])]
    http: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Asks the daemon, and prints or writes what it counted.
pub(crate) async fn run(args: &MetricsArgs) -> Exit {
    if args.http {
        return http::answer_stdin().await;
    }
    let mut client = match client::connect().await {
        Ok(client) => client,
        Err(unreachable) => {
            let exit = unreachable.tell();
            // Old numbers in the file would look as if the daemon ran.
            let file = args.textfile.is_some() && matches!(unreachable, Unreachable::NotRunning);
            let told = if file { tell(args, &down()) } else { Exit::Ok };
            return if told == Exit::Ok { exit } else { told };
        }
    };
    match answered(client.metrics().await) {
        Ok(metrics) => tell(args, &metrics),
        Err(exit) => exit,
    }
}

fn tell(args: &MetricsArgs, metrics: &Metrics) -> Exit {
    let Some(path) = &args.textfile else {
        if args.json {
            print_json(metrics);
        } else {
            print(render::metrics(metrics));
        }
        return Exit::Ok;
    };
    match textfile::replace(path, &render::metrics(metrics)) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            message(format_args!("error: {error}"));
            Exit::Failed
        }
    }
}

/// What there is to say where no daemon runs.
pub(super) fn down() -> Metrics {
    Metrics {
        version: VERSION,
        metrics: vec![Metric {
            name: Name::Up.text().to_owned(),
            kind: Name::Up.kind(),
            help: Name::Up.help().to_owned(),
            samples: vec![Sample {
                name: Name::Up.text().to_owned(),
                labels: Vec::new(),
                value: 0.0,
            }],
        }],
    }
}
