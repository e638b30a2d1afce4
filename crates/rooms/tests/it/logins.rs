//! Who may log in, and as what.

use rooms::{
    CloseReason, Config, Effect, Event, Input, Limits, LoginDecision, LoginRules, Op, OpKind,
    Pairs, Refusal, Role, WordRules,
};

use crate::world::{World, login, pairs, say, secret};

fn with_rules(login: LoginRules) -> World {
    World::new(Config {
        login,
        ..Config::default()
    })
}

#[test]
fn a_name_is_had_once_in_any_case_until_its_user_goes() {
    let mut world = World::plain();
    let ann = world.log_in("Ann");
    let late = world.connect();
    assert_eq!(world.refused(late, login("aNN", "")), Refusal::NameInUse);
    world.disconnect(ann);
    world.done(late, login("aNN", ""));
    assert_eq!(
        world.refused(late, login("other", "")),
        Refusal::LoggedInAlready
    );
}

#[test]
fn the_rules_of_names_are_applied() {
    let mut world = World::new(Config {
        login: LoginRules {
            reserved: vec!["root".into()],
            ..LoginRules::default()
        },
        words: WordRules {
            roots: vec!["darn".into()],
            ..WordRules::default()
        },
        ..Config::default()
    });
    let user = world.connect();
    for (name, why) in [
        ("al", Refusal::NameTooShort(3)),
        ("", Refusal::NameTooShort(3)),
        ("fifteen-letters", Refusal::NameTooLong(14)),
        ("a\u{202e}bc", Refusal::NameCharacters),
        ("Root", Refusal::NameReserved),
        ("BigDarny", Refusal::NameReserved),
    ] {
        assert_eq!(world.refused(user, login(name, "")), why, "{name:?}");
    }
    world.done(user, login("fine", ""));
}

#[test]
fn guests_get_names_if_there_is_a_prefix() {
    let mut world = with_rules(LoginRules {
        guest_prefix: Some("guest".into()),
        ..LoginRules::default()
    });
    world.log_in("Guest2");
    for expected in ["guest1", "guest3"] {
        let user = world.log_in("");
        assert_eq!(&*world.kernel.who(user).expect("a user").name, expected);
    }
}

#[test]
fn an_account_wants_its_password_and_gives_its_role() {
    let mut world = World::plain();
    world.account("Ann", "sesame", Role::Moderator);
    let user = world.connect();
    assert_eq!(
        world.refused(user, login("ann", "wrong")),
        Refusal::BadLogin
    );
    assert_eq!(world.refused(user, login("ann", "")), Refusal::BadLogin);
    world.op(user, login("ann", "sesame"));
    let [Event::LoggedIn { you, role, .. }] = world.told(user) else {
        panic!("{:?}", world.told(user));
    };
    assert_eq!((&*you.name, *role), ("Ann", Role::Moderator));
}

#[test]
fn a_name_is_kept_while_its_password_is_looked_at() {
    let mut world = World::plain();
    world.account("ann", "sesame", Role::User);
    world.answers_at_once = false;
    let first = world.connect();
    world.op(first, login("ann", "sesame"));
    assert!(world.told(first).is_empty());
    assert_eq!(world.refused(first, login("bob", "")), Refusal::Busy);
    let second = world.connect();
    assert_eq!(
        world.refused(second, login("ann", "sesame")),
        Refusal::NameInUse
    );
    world.disconnect(first);
    world.op(second, login("ann", "sesame"));
    for (request, ok) in std::mem::take(&mut world.questions) {
        world.handle(Input::Verified { request, ok });
    }
    assert_eq!(world.kernel.find_user("ann"), Some(second));
    assert_eq!(world.kernel.user_count(), 1);
}

#[test]
fn a_password_changed_while_the_old_one_is_looked_at_counts() {
    let mut world = World::plain();
    world.account("ann", "old", Role::User);
    world.answers_at_once = false;
    let user = world.connect();
    world.op(user, login("ann", "old"));
    world.account("ann", "new", Role::User);
    let (request, ok) = world.questions.pop().expect("a question");
    world.handle(Input::Verified { request, ok });
    assert_eq!(world.refusal(user, OpKind::Login), Refusal::BadLogin);
}

#[test]
fn administrators_need_an_account_of_that_role() {
    let mut world = World::plain();
    world.account("mod", "m", Role::Moderator);
    world.account("boss", "b", Role::Administrator);
    let user = world.connect();
    let admin = |name: &str, password: &str| Op::Login {
        name: name.into(),
        password: secret(password),
        variables: Pairs::default(),
        admin: true,
    };
    assert_eq!(world.refused(user, admin("mod", "m")), Refusal::BadLogin);
    assert_eq!(world.refused(user, admin("nobody", "m")), Refusal::BadLogin);
    world.done(user, admin("boss", "b"));
}

#[test]
fn where_accounts_are_needed_others_are_not_let_in() {
    let mut world = with_rules(LoginRules {
        accounts_only: true,
        ..LoginRules::default()
    });
    let user = world.connect();
    assert_eq!(world.refused(user, login("ann", "")), Refusal::BadLogin);
    world.account("ann", "a", Role::User);
    world.done(user, login("ann", "a"));
}

#[test]
fn only_so_many_users_are_let_in() {
    let mut world = World::new(Config {
        limits: Limits {
            users: 2,
            ..Limits::default()
        },
        ..Config::default()
    });
    let ann = world.log_in("ann");
    world.log_in("bob");
    let user = world.connect();
    assert_eq!(
        world.refused(user, login("cyd", "")),
        Refusal::Limit("users")
    );
    world.disconnect(ann);
    world.done(user, login("cyd", ""));
}

#[test]
fn a_login_handler_renames_accepts_and_denies() {
    let mut world = with_rules(LoginRules {
        handler: true,
        ..LoginRules::default()
    });
    let user = world.connect();
    let ask = |world: &mut World, decision| {
        world.op(user, login("ann", "x"));
        let asked = &world.effects[0];
        assert!(
            matches!(asked, Effect::AskLogin { name, .. } if &**name == "ann"),
            "{asked:?}"
        );
        let request = world.asked.pop().expect("a question");
        world.handle(Input::LoginDecided { request, decision });
    };
    let reason: std::sync::Arc<str> = "Not today.".into();
    ask(
        &mut world,
        LoginDecision::Deny {
            reason: reason.clone(),
        },
    );
    assert_eq!(world.refusal(user, OpKind::Login), Refusal::Denied(reason));
    let accept = LoginDecision::Accept {
        name: Some("Ann the First of Her Name".into()),
        known: true,
        role: Role::User,
        variables: pairs(&[("points", "7")]),
    };
    ask(&mut world, accept);
    let [Event::LoggedIn { you, variables, .. }] = world.told(user) else {
        panic!("{:?}", world.told(user));
    };
    assert_eq!(&*you.name, "Ann the First of Her Name");
    assert_eq!(variables.get("points"), Some(&"7".into()));
}

#[test]
fn wrong_passwords_end_in_a_ban_of_the_address() {
    let mut world = with_rules(LoginRules {
        wrong_passwords: Some(2),
        wrong_passwords_ban_ms: 1_000,
        ..LoginRules::default()
    });
    world.account("ann", "sesame", Role::User);
    let user = world.connect_from("10.9.9.9");
    for _ in 0..2 {
        assert_eq!(
            world.refused(user, login("ann", "guess")),
            Refusal::BadLogin
        );
    }
    world.op(user, login("ann", "guess"));
    assert_eq!(world.closed.get(&user), Some(&CloseReason::Banned));
    let again = world.connect_from("10.9.9.9");
    assert!(world.closed.contains_key(&again));
    world.pass(1_000);
    let later = world.connect_from("10.9.9.9");
    world.done(later, login("ann", "sesame"));
}

#[test]
fn visitors_can_do_nothing_but_log_in_and_leave() {
    let mut world = World::plain();
    let user = world.connect();
    let room = rooms::RoomId(1);
    assert_eq!(world.refused(user, say(room, "hi")), Refusal::NotLoggedIn);
    world.op(user, Op::Logout);
    assert_eq!(world.closed.get(&user), Some(&CloseReason::LoggedOut));
    world.op(user, say(room, "hi"));
    assert!(
        world.effects.is_empty(),
        "what was under way is passed over"
    );
}
