//! Plugins of the room server, driven as the server would, against a host that notes what it is told.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use engine::scripting::{HttpResponse, ScriptEffect, ScriptInput, ScriptOutput};
use rtmp::Millis;
use script::{
    ApplicationInfo, Fields, LoginRole, LoginVerdict, MemoryFiles, MemoryStorage, PluginAnswer,
    PluginHost, PluginInput, PluginOrder, PluginPlace, PluginQuestion, PluginScript, PluginTarget,
    PluginVariable, ScriptConfig, ScriptSetup, plugins,
};

use crate::driver::World;

/// Knows one room, and notes everything.
#[derive(Default)]
struct Noted {
    orders: RefCell<Vec<PluginOrder>>,
    verdicts: RefCell<BTreeMap<u64, LoginVerdict>>,
    called: RefCell<Vec<(String, Fields)>>,
}

impl PluginHost for Noted {
    fn ask(&self, question: PluginQuestion) -> PluginAnswer {
        match question {
            PluginQuestion::Zones => PluginAnswer::Names(vec!["Main".into()]),
            PluginQuestion::Users { zone, room } if zone == "Main" && room == "Lobby" => {
                PluginAnswer::Names(vec!["ann".into(), "bob".into()])
            }
            PluginQuestion::RoomVariables { .. } => PluginAnswer::Variables(vec![PluginVariable {
                name: "topic".into(),
                value: "fish".into(),
                locked: true,
                persistent: false,
            }]),
            PluginQuestion::UserCount => PluginAnswer::Number(2.0),
            PluginQuestion::IsLoggedIn { user } => PluginAnswer::Flag(user == "ann"),
            PluginQuestion::ServerVariable { name, .. } if name == "rank" => {
                PluginAnswer::Text("king".into())
            }
            _ => PluginAnswer::Nothing,
        }
    }

    fn order(&self, order: PluginOrder) {
        self.orders.borrow_mut().push(order);
    }

    fn call(&self, plugin: &str, hash: Fields) -> Result<Fields, String> {
        self.called.borrow_mut().push((plugin.to_owned(), hash));
        if plugin == "Bank" {
            Ok(vec![("left".into(), "7".into())])
        } else {
            Err(format!("there is no plugin {plugin}"))
        }
    }

    fn decide(&self, login: u64, verdict: LoginVerdict) {
        self.verdicts.borrow_mut().entry(login).or_insert(verdict);
    }
}

struct Plugin {
    script: PluginScript,
    noted: Rc<Noted>,
    now: Millis,
    due: Option<Millis>,
}

impl Plugin {
    fn with(files: MemoryFiles, config: ScriptConfig) -> Self {
        let noted = Rc::<Noted>::default();
        let setup = ScriptSetup {
            config,
            info: ApplicationInfo::default(),
            files: Box::new(files),
            storage: Some(Box::new(MemoryStorage::new())),
            world: Rc::new(World::default()),
        };
        let place = PluginPlace {
            name: "Dice".into(),
            room: Some(("Main".into(), "Lobby".into())),
        };
        let host: Rc<dyn PluginHost> = noted.clone();
        Self {
            script: PluginScript::new(setup, &place, host).expect("an engine"),
            noted,
            now: Millis(1),
            due: None,
        }
    }

    /// A plugin of one file, started without anything going wrong.
    fn new(text: &str) -> Self {
        let files = MemoryFiles::new().with("main.asc", text);
        let mut plugin = Self::with(files, ScriptConfig::default());
        let started = plugin.tell(PluginInput::Start {
            variables: fields(&[("sides", "6")]),
        });
        assert_eq!(problems(&started), [""; 0], "{started:?}");
        plugin
    }

    fn tell(&mut self, input: PluginInput) -> Vec<ScriptEffect> {
        self.script.handle(self.now, input);
        let mut effects = Vec::new();
        loop {
            match self.script.poll() {
                ScriptOutput::Effect(effect) => effects.push(effect),
                ScriptOutput::Timeout(due) => {
                    self.due = due;
                    return effects;
                }
            }
        }
    }

    fn request(&mut self, method: &str, variables: &[(&str, &str)]) -> Vec<ScriptEffect> {
        self.tell(PluginInput::Request {
            user: "ann".into(),
            method: method.into(),
            variables: fields(variables),
        })
    }

    fn log_in(&mut self, login: u64, user: &str) -> Vec<ScriptEffect> {
        self.tell(PluginInput::Login {
            login,
            user: user.into(),
            password: "secret".into(),
            address: "192.0.2.7".into(),
            variables: fields(&[("client", "movie")]),
        })
    }

    fn verdict(&self, login: u64) -> Option<LoginVerdict> {
        self.noted.verdicts.borrow().get(&login).cloned()
    }
}

fn fields(pairs: &[(&str, &str)]) -> Fields {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn traces(effects: &[ScriptEffect]) -> Vec<&str> {
    let lines = effects.iter().filter_map(|effect| match effect {
        ScriptEffect::Trace(line) => Some(line.as_str()),
        _ => None,
    });
    lines.collect()
}

fn problems(effects: &[ScriptEffect]) -> Vec<&str> {
    let problems = effects.iter().filter_map(|effect| match effect {
        ScriptEffect::Problem(problem) => Some(problem.description.as_str()),
        _ => None,
    });
    problems.collect()
}

fn deny(reason: &str) -> LoginVerdict {
    let reason = reason.into();
    LoginVerdict::Deny { reason }
}

#[test]
fn a_plugin_lives_from_init_to_destroy() {
    let mut plugin = Plugin::new(
        "function pluginInit(hash) { sides = hash.get('sides'); }
         function pluginUserEnter(name, number) { trace('in ' + name + ' ' + number + ' ' + sides); }
         function pluginUserExit(name, number) { trace('out ' + name + ' ' + number); }
         function pluginDestroy() { trace('end'); }
         setInterval(function () { trace('tick'); }, 5);",
    );
    let user = || "ann".to_owned();
    let entered = plugin.tell(PluginInput::UserEnter {
        user: user(),
        number: Some(0),
    });
    assert_eq!(traces(&entered), ["in ann 0 6"]);
    plugin.now = plugin.due.unwrap();
    let ticked = plugin.tell(PluginInput::Script(ScriptInput::Timeout));
    assert_eq!(traces(&ticked), ["tick"]);
    let left = plugin.tell(PluginInput::UserExit {
        user: user(),
        number: None,
    });
    assert_eq!(traces(&left), ["out ann -1"]);
    assert_eq!(traces(&plugin.tell(PluginInput::Destroy)), ["end"]);
    assert_eq!(plugin.due, None);
    assert!(plugin.request("roll", &[]).is_empty(), "told after its end");
}

#[test]
fn a_request_says_who_calls_whatever_the_client_says() {
    let mut plugin = Plugin::new(
        "function pluginRequest(hash) {
             trace(hash.get(METHOD) + ' ' + hash.EXECUTING_USER_NAME + ' ' + hash.n + ' ' + hash.get('get'));
             var plain = hashToObject(hash), names = [];
             for (var name in plain) names.push(name);
             sendMessageToUser(hash.get(EXECUTING_USER_NAME), 'rolled', {n: 4, 'size': null});
             sendMessageToRoom(getZoneName(), getRoomName(), 'names', plain);
         }",
    );
    let forged = [
        ("EXECUTING_USER_NAME", "bob"),
        ("n", "2"),
        ("get", "x"),
        ("__proto__", "p"),
    ];
    let effects = plugin.request("roll", &forged);
    assert_eq!(traces(&effects), ["roll ann 2 x"], "{effects:?}");
    let orders = plugin.noted.orders.borrow();
    let expected = PluginOrder::Send {
        to: PluginTarget::User("ann".into()),
        action: "rolled".into(),
        variables: fields(&[("n", "4"), ("size", "")]),
    };
    assert_eq!(orders.first(), Some(&expected));
    let Some(PluginOrder::Send { to, variables, .. }) = orders.get(1) else {
        panic!("{orders:?}");
    };
    let room = PluginTarget::Room {
        zone: "Main".into(),
        room: "Lobby".into(),
    };
    assert_eq!(*to, room);
    let mut names: Vec<_> = variables.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["EXECUTING_USER_NAME", "METHOD", "__proto__", "get", "n"]
    );
}

#[test]
fn questions_are_answered_at_once() {
    let mut plugin = Plugin::new(
        "function pluginRequest() {
             var variable = getRoomVariables('Main', 'Lobby')[0];
             trace([getPluginName(), getZoneName(), getRoomName(), getAllZones().join(),
                 getUsersInRoom('Main', 'Lobby').join('+'), getUsersInRoom('Main', 'None'),
                 variable.name + '=' + variable.value + variable.locked,
                 getLoggedInUserCount(), isUserLoggedIn('ann'), isUserLoggedIn('bob'),
                 getUserServerVariable('ann', 'rank'), getUserServerVariable('ann', 'x'),
                 getUserVariables('nobody'), getServerTimer() > 1e12].join(' '));
         }",
    );
    let effects = plugin.request("all", &[]);
    let line = "Dice Main Lobby Main ann+bob  topic=fishtrue 2 true false king   true";
    assert_eq!(traces(&effects), [line], "{effects:?}");
}

#[test]
fn what_a_plugin_wants_is_ordered_in_turn() {
    let mut plugin = Plugin::new(
        "function pluginRequest() {
             createRoomVariable('t', 1, true);
             deleteRoomVariable('t');
             createUserVariable('ann', 'c', 'red');
             deleteUserVariable('ann', 'c');
             setUserServerVariable('ann', 'rank', 2);
             deleteUserServerVariable('ann', 'rank');
             kick('bob', 'rude');
             ban('bob', -1);
             sendMessageToZone('Main', 'a', null);
             sendMessageToAll('b');
             ban('bob');
         }",
    );
    let effects = plugin.request("all", &[]);
    assert_eq!(
        problems(&effects),
        ["TypeError: ban: the time is no number"]
    );
    let text = String::from;
    let send = |to, action: &str| PluginOrder::Send {
        to,
        action: action.into(),
        variables: Fields::new(),
    };
    assert_eq!(
        *plugin.noted.orders.borrow(),
        [
            PluginOrder::SetRoomVariable {
                name: text("t"),
                value: text("1"),
                locked: true,
            },
            PluginOrder::RemoveRoomVariable { name: text("t") },
            PluginOrder::SetUserVariable {
                user: text("ann"),
                name: text("c"),
                value: text("red"),
            },
            PluginOrder::RemoveUserVariable {
                user: text("ann"),
                name: text("c"),
            },
            PluginOrder::SetServerVariable {
                user: text("ann"),
                name: text("rank"),
                value: Some(text("2")),
            },
            PluginOrder::SetServerVariable {
                user: text("ann"),
                name: text("rank"),
                value: None,
            },
            PluginOrder::Kick {
                user: text("bob"),
                reason: text("rude"),
            },
            PluginOrder::Ban {
                user: text("bob"),
                time: -1.0,
                reason: text(""),
            },
            send(PluginTarget::Zone(text("Main")), "a"),
            send(PluginTarget::All, "b"),
        ]
    );
}

#[test]
fn plugins_call_each_other() {
    let mut plugin = Plugin::new(
        "function pluginInterop(hash) { return {twice: hash.get('n') * 2}; }
         function pluginRequest(hash) {
             trace(callRemotePlugin('Bank', {take: 3}).get('left'));
             callRemotePlugin('None', {});
         }",
    );
    let given = plugin.script.interop(plugin.now, &fields(&[("n", "21")]));
    assert_eq!(given, Some(fields(&[("twice", "42")])));
    let effects = plugin.request("pay", &[]);
    assert_eq!(traces(&effects), ["7"]);
    assert_eq!(problems(&effects), ["Error: there is no plugin None"]);
    let called = plugin.noted.called.borrow();
    assert_eq!(called[0], ("Bank".to_owned(), fields(&[("take", "3")])));
    let mut silent = Plugin::new("");
    assert_eq!(silent.script.interop(silent.now, &Fields::new()), None);
}

#[test]
fn a_login_is_decided_at_once() {
    let mut plugin = Plugin::new(
        "function login(name, password, hash, response) {
             if (name == 'true') return true;
             if (name == 'false') return false;
             if (name == 'reason') response.deny('Not today.');
             if (name == 'twice') { response.deny('No.'); response.accept(); }
             if (name == 'role') response.accept({role: 'king'});
             if (name == 'all') response.accept({name: 'Ann', known: true, role: 'moderator',
                 variables: {rank: 3}, serverVariables: {from: hash.get('client') + response.address}});
             if (name == 'throws') throw new Error('no');
         }
         function logOut(name) { trace('bye ' + name); }",
    );
    for (login, name) in [
        "true", "false", "reason", "twice", "all", "throws", "later", "role",
    ]
    .into_iter()
    .enumerate()
    {
        plugin.log_in(login as u64, name);
    }
    let Some(LoginVerdict::Accept(plain)) = plugin.verdict(0) else {
        panic!("{:?}", plugin.verdict(0));
    };
    assert_eq!(*plain, script::LoginAccepted::default());
    assert_eq!(plugin.verdict(1), Some(deny("")));
    assert_eq!(plugin.verdict(2), Some(deny("Not today.")));
    assert_eq!(plugin.verdict(3), Some(deny("No.")));
    let Some(LoginVerdict::Accept(all)) = plugin.verdict(4) else {
        panic!("{:?}", plugin.verdict(4));
    };
    let kept = fields(&[("from", "movie192.0.2.7")]);
    assert_eq!((all.name.as_deref(), all.known), (Some("Ann"), true));
    assert_eq!(all.role, LoginRole::Moderator);
    assert_eq!(all.variables, fields(&[("rank", "3")]));
    assert_eq!(all.server_variables, kept);
    assert_eq!(plugin.verdict(5), Some(LoginVerdict::Failed));
    assert_eq!(plugin.verdict(6), None);
    assert_eq!(plugin.verdict(7), Some(LoginVerdict::Failed));
    let gone = plugin.tell(PluginInput::LogOut { user: "ann".into() });
    assert_eq!(traces(&gone), ["bye ann"]);
}

#[test]
fn a_login_is_decided_when_a_user_database_has_answered() {
    let mut plugin = Plugin::new(
        "function login(name, password, hash, response) {
             var vars = new LoadVars();
             vars.onLoad = function (ok) {
                 if (ok && this.ok == '1') response.accept({name: this.name});
                 else response.deny('Wrong password.');
             };
             vars.load('http://users.example/check?user=' + escape(name));
         }",
    );
    for (login, answer) in [(1, "ok=1&name=Ann"), (2, "ok=0")] {
        let effects = plugin.log_in(login, "ann");
        let asked = effects.iter().find_map(|effect| match effect {
            ScriptEffect::Http { request, what } => Some((*request, what.url.clone())),
            _ => None,
        });
        let (request, url) = asked.expect("a request");
        assert_eq!(url, "http://users.example/check?user=ann");
        assert_eq!(plugin.verdict(login), None);
        plugin.tell(PluginInput::Script(ScriptInput::Response {
            request,
            outcome: Ok(HttpResponse {
                status: 200,
                body: answer.into(),
            }),
        }));
        while plugin.due.is_some_and(|due| due <= plugin.now) {
            plugin.tell(PluginInput::Script(ScriptInput::Timeout));
        }
    }
    let Some(LoginVerdict::Accept(accepted)) = plugin.verdict(1) else {
        panic!("{:?}", plugin.verdict(1));
    };
    assert_eq!(accepted.name.as_deref(), Some("Ann"));
    assert_eq!(plugin.verdict(2), Some(deny("Wrong password.")));
}

#[test]
fn a_login_handler_that_is_missing_or_cut_off_has_failed() {
    let mut plugin = Plugin::new("");
    let effects = plugin.log_in(1, "ann");
    assert_eq!(plugin.verdict(1), Some(LoginVerdict::Failed));
    assert_eq!(problems(&effects).len(), 1, "{effects:?}");
    let config = ScriptConfig {
        handler_ms: 20,
        ..ScriptConfig::default()
    };
    let files = MemoryFiles::new().with("main.asc", "function login() { for (;;) {} }");
    let mut plugin = Plugin::with(files, config);
    plugin.tell(PluginInput::Start {
        variables: Fields::new(),
    });
    let effects = plugin.log_in(2, "ann");
    assert_eq!(plugin.verdict(2), Some(LoginVerdict::Failed));
    assert!(problems(&effects)[0].contains("20 ms"), "{effects:?}");
}

#[test]
fn a_plugin_that_errs_is_reported_and_lives() {
    let mut plugin = Plugin::new(
        "function pluginRequest(hash) { if (hash.get(METHOD) == 'bad') nowhere(); trace('fine'); }",
    );
    let failed = plugin.request("bad", &[]);
    assert_eq!(
        problems(&failed),
        ["ReferenceError: nowhere is not defined"]
    );
    assert_eq!(traces(&plugin.request("good", &[])), ["fine"]);
}

#[test]
fn a_plugin_without_memory_is_at_its_end() {
    let config = ScriptConfig {
        memory_bytes: 4 << 20,
        ..ScriptConfig::default()
    };
    let eats = "function pluginRequest() { var all = []; for (;;) all.push(new Array(1000)); }";
    let files = MemoryFiles::new().with("main.asc", eats);
    let mut plugin = Plugin::with(files, config);
    plugin.tell(PluginInput::Start {
        variables: Fields::new(),
    });
    let effects = plugin.request("eat", &[]);
    let failed = |effect: &ScriptEffect| matches!(effect, ScriptEffect::Failed(_));
    assert!(effects.iter().any(failed), "{effects:?}");
    assert!(plugin.request("eat", &[]).is_empty());
}

#[test]
fn a_plugin_is_put_together_of_files() {
    let files = MemoryFiles::new()
        .with("main.asc", "#include \"lib/dice.as\"\ntrace(roll());")
        .with("lib/dice.as", "function roll() { return 4; }");
    let mut plugin = Plugin::with(files, ScriptConfig::default());
    let started = plugin.tell(PluginInput::Start {
        variables: Fields::new(),
    });
    assert_eq!(traces(&started), ["4"], "{started:?}");
}

#[test]
fn files_of_a_plugin() {
    let mut plugin = Plugin::new(
        "function pluginRequest() {
             trace([createDirectory('d'), doesDirectoryExist('d'), isDirectory('d'), isFile('d'),
                 writeFile('d/a.txt', 'first'), writeFile('d/a.txt', 'd\\u00fc'),
                 appendFile('d/a.txt', '\\nb'), readFile('d/a.txt'), readFile('none'),
                 doesFileExist('d/a.txt'), isFile('d/a.txt'), deleteDirectory('d'),
                 deleteFile('d'), deleteFile('d/a.txt'), deleteDirectory('d'),
                 createDirectory('../d'), doesFileExist('/etc/passwd')].join(' '));
         }",
    );
    let effects = plugin.request("all", &[]);
    let line = "true true true false true true true dü\nb  true true false false true true false \
                false";
    assert_eq!(traces(&effects), [line], "{effects:?}");
}

#[test]
fn plugins_have_no_clients_and_connections_of_their_own() {
    let mut plugin = Plugin::new(
        "function pluginRequest() {
             trace([typeof application, typeof Client, typeof NetConnection, typeof Stream,
                 typeof SharedObject, typeof XMLSocket, typeof LoadVars, typeof XML].join(' '));
         }",
    );
    let effects = plugin.request("all", &[]);
    let line = "undefined undefined undefined undefined undefined undefined function function";
    assert_eq!(traces(&effects), [line]);
}

/// What the list names is there, and the list names what is there.
#[test]
fn the_list_of_functions_is_that_of_the_engine() {
    let names: Vec<_> = plugins::FUNCTIONS.iter().map(|f| f.name).collect();
    let handlers: Vec<_> = plugins::HANDLERS.iter().map(|f| f.name).collect();
    let host = include_str!("../../src/host/plugin.js");
    let functions = host.split("const functions = {").nth(1).unwrap();
    let functions = functions.split("\n    };").next().unwrap();
    let mut defined: Vec<_> = functions
        .lines()
        .filter_map(|line| line.strip_prefix("        ")?.split_once('('))
        .map(|(name, _)| name)
        .filter(|name| name.chars().all(char::is_alphanumeric))
        .collect();
    let mut listed = names.clone();
    defined.sort_unstable();
    listed.sort_unstable();
    assert_eq!(defined, listed);
    for name in handlers {
        assert!(host.contains(&format!("tell(\"{name}\"")), "{name}");
    }
    let mut plugin = Plugin::new(&format!(
        "function pluginRequest() {{
             var names = '{}'.split(' ');
             for (var i = 0; i < names.length; i++) {{
                 if (typeof globalThis[names[i]] != 'function') trace(names[i]);
             }}
         }}",
        names.join(" ")
    ));
    assert_eq!(traces(&plugin.request("all", &[])), [""; 0]);
}

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/electroserver.md");
const BEGIN: &str = "<!-- What follows is made from the list of plugin functions. -->\n\n";
const END: &str = "<!-- The end. GREENROOM_TEST_WRITE=1 cargo test -p script plugins -->\n";

/// With `GREENROOM_TEST_WRITE` set, writes the tables instead of comparing them.
#[test]
fn the_page_has_the_functions_of_plugins() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (tables, after) = rest.split_once(END).unwrap();
    let made = plugins::plugin_reference();
    if std::env::var_os("GREENROOM_TEST_WRITE").is_some() {
        return std::fs::write(PAGE, format!("{before}{BEGIN}{made}{END}{after}")).unwrap();
    }
    assert_eq!(
        tables, made,
        "out of date; run: GREENROOM_TEST_WRITE=1 cargo test -p script plugins"
    );
}
