//! Global functions, and what the objects of the language have beyond today's standard.

use super::Since::{Fcs1, Fms2, Here, Language};
use super::{Class, GLOBAL as NAME, Member, State, event, method, property};

pub(super) const GLOBAL: Class = Class {
    name: NAME,
    since: Fcs1,
    state: State::Supported,
    note: "Functions that belong to no object. The built-in objects of ECMAScript are there too.",
    members: &[
        method(
            "trace",
            Fcs1,
            "`trace(value, …)` writes a line to the log; objects as `toString` has them",
        ),
        method(
            "load",
            Fcs1,
            "`load(file)` runs a script file, at once; see [Script files](#script-files)",
        ),
        method(
            "setInterval",
            Fcs1,
            "`setInterval(function, ms, …)` or `setInterval(object, \"method\", ms, …)`; answers a number",
        ),
        method(
            "clearInterval",
            Fcs1,
            "`clearInterval(id)`; an id that is none is ignored",
        ),
        method("setTimeout", Here, "as `setInterval`, once"),
        method("clearTimeout", Here, "as `clearInterval`"),
        method(
            "uneval",
            Language,
            "`uneval(value)` answers source text that makes the value again",
        ),
        method(
            "setAttributes",
            Fms2,
            "`setAttributes(object, name, enumerable, readonly, permanent)`",
        ),
        method(
            "getGlobal",
            Fms2,
            "the global object; only while `secure.asc` runs",
        ),
        method(
            "protectObject",
            Fms2,
            "`protectObject(object)` answers an object that only passes calls on; only while `secure.asc` runs",
        ),
    ],
};

pub(super) const OBJECT: Class = Class {
    name: "Object",
    since: Language,
    state: State::Supported,
    note: "What every object had in JavaScript 1.5, and has no more elsewhere.",
    members: &[
        method("watch", Language, "`watch(name, handler)`: the handler decides what an assignment assigns"),
        method("unwatch", Language, "`unwatch(name)` ends it"),
        method("toSource", Language, "source text that makes the object again"),
        event("__resolve", Fcs1, "`__resolve(name)` answers for a property that is not there; assign it to the object or its prototype")
            .differs(),
    ],
};

const fn result(name: &'static str) -> Member {
    property(name, Language, "what the last match found")
}

pub(super) const FUNCTION: Class = Class {
    name: "Function",
    since: Language,
    state: State::Supported,
    note: "What functions had.",
    members: &[
        property("arity", Language, "the number of parameters, as `length`"),
        property("caller", Language, "who has called: undefined here").never(),
    ],
};

pub(super) const REG_EXP: Class = Class {
    name: "RegExp",
    since: Language,
    state: State::Supported,
    note: "What regular expressions had. `input`, `lastMatch`, `lastParen`, `leftContext` and \
           `rightContext` have their short names `$_`, `$&`, `$+`, `` $` `` and `$'` too.",
    members: &[
        result("$1"),
        result("$2"),
        result("$3"),
        result("$4"),
        result("$5"),
        result("$6"),
        result("$7"),
        result("$8"),
        result("$9"),
        result("input"),
        result("$_"),
        result("lastMatch"),
        result("$&"),
        result("lastParen"),
        result("$+"),
        result("leftContext"),
        result("$`"),
        result("rightContext"),
        result("$'"),
    ],
};
