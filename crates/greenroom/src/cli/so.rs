//! `greenroom so`: shared objects, through the running server if there is one, else in the store.
//!
//! A running server has the store to itself, so the control socket is tried first. Without a
//! server the store's file is opened here, for as long as the command takes.

mod files;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::{Map, Value as Json, json};
use store::{FileStore, Limits, Store};

use super::options::Options;
use crate::appsettings::AppSettings;
use crate::config::Config;
use crate::control::client::Client;
use crate::control::objects::{DeleteTarget, object_json, scope, slots_of};
use crate::control::socket;
use crate::control::target::{ObjectTarget, Target};
use crate::objects::{FILE, stored};
use crate::settings;
use crate::startup::RunError;

/// Where the server or its data is, and what to do there.
#[derive(Debug, Args)]
pub(super) struct So {
    #[command(flatten)]
    pub(super) options: Options,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists the stored shared objects and their versions.
    List {
        /// Those of one application or instance only
        #[arg(value_name = "APPLICATION[/INSTANCE]", value_parser = parse_target)]
        target: Option<Target>,
    },
    /// Prints a shared object, or one of its slots, as JSON.
    Get {
        #[command(flatten)]
        object: Object,
        /// One slot only
        slot: Option<String>,
    },
    /// Sets a slot to a JSON value; null removes it. Clients are told.
    Set {
        #[command(flatten)]
        object: Object,
        /// The slot
        slot: String,
        /// Its value, as JSON
        value: String,
    },
    /// Prints a shared object as a line of JSON, and again whenever it has changed.
    Watch {
        #[command(flatten)]
        object: Object,
    },
    /// Writes a shared object to a file, in the form that its ending names: .sol or .json.
    Export {
        #[command(flatten)]
        object: Object,
        /// The file; it must not be there
        file: PathBuf,
        /// The format of a .sol file's values: 0 or 3; 3 when a value needs it
        #[arg(long, value_name = "VERSION", value_parser = ["0", "3"])]
        amf: Option<String>,
    },
    /// Sets the slots that a .sol or .json file holds. Clients are told.
    Import {
        #[command(flatten)]
        object: Object,
        /// The file
        file: PathBuf,
        /// Removes the slots that the file does not hold
        #[arg(long)]
        replace: bool,
    },
    /// Deletes a stored object, or all of an instance or application that does not run.
    Delete {
        /// The application, or one instance of it
        #[arg(value_name = "APPLICATION[/INSTANCE]", value_parser = parse_target)]
        target: Target,
        /// One object only
        object: Option<String>,
    },
}

/// An object of an instance.
#[derive(Debug, Args)]
struct Object {
    /// The instance, such as chat/lobby; without one the default instance
    #[arg(value_name = "APPLICATION[/INSTANCE]", value_parser = parse_target)]
    target: Target,
    /// The name of the shared object
    #[arg(value_name = "OBJECT")]
    name: String,
    /// The temporary object of that name, of an instance that runs
    #[arg(long)]
    temporary: bool,
}

impl Object {
    fn target(&self) -> ObjectTarget {
        ObjectTarget {
            target: self.target.clone(),
            object: self.name.clone(),
            temporary: self.temporary,
        }
    }
}

pub(super) fn parse_target(text: &str) -> Result<Target, String> {
    Target::parse(text)
}

/// Does it, and prints what came of it.
pub(super) fn run(so: &So, config: &Config) -> Result<(), RunError> {
    let said = execute(&so.what, config).map_err(RunError::Runtime)?;
    super::print(&said)
}

/// `greenroom backup`: copies the store, while the server runs or without it.
pub(super) fn backup(file: &Path, config: &Config) -> Result<(), RunError> {
    let copied = copy(file, config).map_err(RunError::Runtime)?;
    super::print(&format!("{copied} shared objects were copied.\n"))
}

fn copy(file: &Path, config: &Config) -> anyhow::Result<Json> {
    // The server may have been started elsewhere.
    let file = std::path::absolute(file)?;
    match Source::find(config, false)? {
        Source::Server(mut client) => {
            Ok(client.run("backup", &json!({ "file": file }))?["objects"].take())
        }
        Source::File(store) => {
            if file.exists() {
                bail!("{} is there already", file.display());
            }
            let to = FileStore::open(&file, Limits::default())?;
            Ok(json!(stored::copy(&*store, &to)?))
        }
    }
}

/// Where the objects are.
enum Source {
    Server(Box<Client>),
    File(Arc<dyn Store>),
}

impl Source {
    /// The running server, or the store, which is left as it is unless it is to be `changed`.
    fn find(config: &Config, changed: bool) -> anyhow::Result<Self> {
        if let Some(socket) = socket::path(config)
            && let Some(client) = Client::connect(&socket)?
        {
            return Ok(Self::Server(Box::new(client)));
        }
        let path = config.data.dir.join(FILE);
        if !path.exists() {
            bail!(
                "no server listens on the control socket, and there is no store {}",
                path.display()
            );
        }
        let opened = if changed {
            FileStore::open(&path, Limits::default())
        } else {
            FileStore::open_read_only(&path, Limits::default())
        };
        let opened = opened.with_context(
            || "no server listens on the control socket, so the store itself was tried",
        )?;
        Ok(Self::File(Arc::new(opened)))
    }
}

fn execute(what: &What, config: &Config) -> anyhow::Result<String> {
    let changed = matches!(
        what,
        What::Set { .. } | What::Import { .. } | What::Delete { .. }
    );
    match (what, Source::find(config, changed)?) {
        (What::List { target }, source) => list(target.as_ref(), source),
        (What::Get { object, slot }, mut source) => {
            let mut found = source.get(&object.target(), config)?;
            Ok(match slot {
                None => format!("{found:#}\n"),
                Some(slot) => match found["slots"]
                    .as_object_mut()
                    .and_then(|all| all.remove(slot))
                {
                    Some(value) => format!("{value:#}\n"),
                    None => bail!("the object has no slot {slot}"),
                },
            })
        }
        (
            What::Set {
                object,
                slot,
                value,
            },
            mut source,
        ) => {
            let value = serde_json::from_str(value).context("the value is no JSON")?;
            let slots = Map::from_iter([(slot.clone(), value)]);
            source.set(&object.target(), slots, false, config)
        }
        (What::Watch { object }, source) => watch(&object.target(), source),
        (What::Export { object, file, amf }, mut source) => {
            let found = source.get(&object.target(), config)?;
            files::write(file, &object.name, &found["slots"], amf.as_deref())?;
            Ok(String::new())
        }
        (
            What::Import {
                object,
                file,
                replace,
            },
            mut source,
        ) => source.set(&object.target(), files::read(file)?, *replace, config),
        (What::Delete { target, object }, source) => {
            let of = DeleteTarget {
                target: target.clone(),
                object: object.clone(),
            };
            match source {
                Source::Server(mut client) => drop(client.run("so.delete", &json!(of))?),
                Source::File(store) => of.delete(&*store, config.shared_objects.name_bytes)?,
            }
            Ok("Deleted.\n".to_owned())
        }
    }
}

fn list(target: Option<&Target>, source: Source) -> anyhow::Result<String> {
    let app = target.map(|target| target.app.clone());
    let instance = target.and_then(|target| target.instance.clone());
    let rows = match source {
        Source::Server(mut client) => {
            client.run("so.list", &json!({ "app": app, "instance": instance }))?
        }
        Source::File(store) => json!(stored::list(&*store, &scope(app, instance))?),
    };
    let line = |row: &Json| {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let place = format!("{}/{}", text("app"), text("instance"));
        let version = row["version"].as_u64();
        // The instance is busy, and has not said.
        let version = version.map_or_else(|| "unknown".to_owned(), |version| version.to_string());
        format!("{place} {} version {version}\n", text("object"))
    };
    Ok(rows.as_array().into_iter().flatten().map(line).collect())
}

fn watch(of: &ObjectTarget, source: Source) -> anyhow::Result<String> {
    let Source::Server(mut client) = source else {
        bail!("no server runs, so nothing will change");
    };
    let mut out = std::io::stdout();
    client.lines("so.watch", &json!(of), |part| {
        out.write_all(part)?;
        Ok(out.flush()?)
    })?;
    Ok(String::new())
}

impl Source {
    fn get(&mut self, of: &ObjectTarget, config: &Config) -> anyhow::Result<Json> {
        match self {
            Self::Server(client) => client.run("so.get", &json!(of)),
            Self::File(store) => {
                let key = key(of, config)?;
                let found = stored::get(&**store, &key)?;
                let found = found.ok_or_else(|| {
                    let (app, instance) = (&of.target.app, of.target.instance());
                    anyhow!(
                        "there is no shared object {} in {app}/{instance}",
                        of.object
                    )
                })?;
                Ok(object_json(&found)?)
            }
        }
    }

    /// Sets slots; says which version the object has then.
    fn set(
        &mut self,
        of: &ObjectTarget,
        slots: Map<String, Json>,
        replace: bool,
        config: &Config,
    ) -> anyhow::Result<String> {
        let version = match self {
            Self::Server(client) => {
                let mut arguments = json!(of);
                arguments["slots"] = Json::Object(slots);
                arguments["replace"] = replace.into();
                client.run("so.set", &arguments)?["version"].clone()
            }
            Self::File(store) => {
                let key = key(of, config)?;
                let objects = object_config(&of.target.app, config)?;
                json!(stored::set(
                    store,
                    &key,
                    &slots_of(&slots)?,
                    replace,
                    objects
                )?)
            }
        };
        Ok(format!("The object has version {version}.\n"))
    }
}

/// How the objects of an application behave, as an instance of it would have them.
fn object_config(app: &str, config: &Config) -> anyhow::Result<sharedobject::Config> {
    // Neither the number of threads nor the port is in what is used of it.
    let server = settings::instance_settings(config, 1, 0);
    let files = settings::file_settings(config);
    let reader = AppSettings::new(&config.applications.dir, server, files);
    let (settings, _) = reader.read(app)?;
    Ok(settings.objects.config)
}

fn key(of: &ObjectTarget, config: &Config) -> anyhow::Result<store::ObjectKey> {
    if of.temporary {
        bail!("no server runs, so there are no temporary objects");
    }
    let (app, instance) = (&of.target.app, of.target.instance());
    let name_bytes = config.shared_objects.name_bytes;
    Ok(stored::key(app, instance, &of.object, name_bytes)?)
}
