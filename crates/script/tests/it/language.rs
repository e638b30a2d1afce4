//! What JavaScript 1.5 had, as scripts use it.

use amf::Value;

use crate::driver::evaluator;

/// Each expression with the text of its value.
fn check(rows: &[(&str, &str)]) {
    let mut driver = evaluator("function str(x) { return String(x); }");
    for (source, expected) in rows {
        assert_eq!(
            driver.eval(&format!("str({source})")),
            (*expected).into(),
            "{source}"
        );
    }
}

#[test]
fn regular_expressions_leave_what_they_found() {
    check(&[
        (
            "(/(\\w+) (\\w+)/.exec('ab cd!'), RegExp.$1 + RegExp.$2 + '|' + RegExp.$3 + '|')",
            "abcd||",
        ),
        (
            "(/b/.test('abc'), RegExp.leftContext + RegExp.lastMatch + RegExp.rightContext)",
            "abc",
        ),
        (
            "('x12y'.replace(/(\\d)(\\d)/, '-'), RegExp.$2 + RegExp.lastParen + RegExp['$+'] + RegExp.input)",
            "222x12y",
        ),
        (
            "('k=v'.match(/(.)=(.)/), RegExp.$1 + RegExp.$2 + RegExp['$&'] + RegExp['$`'] + RegExp[\"$'\"])",
            "kvk=v",
        ),
        ("(/zzz/.test('abc'), RegExp.lastMatch)", "k=v"),
        (
            "'a1b2'.replace(/\\d/g, function (d) { return d * 2; })",
            "a2b4",
        ),
        ("'  x '.replace(/^\\s+|\\s+$/g, '')", "x"),
        ("'a,b;c'.split(/[,;]/).join('+')", "a+b+c"),
        (
            "(function () { var r = /o/g, n = 0; while (r.exec('foo boo')) n++; return n; })()",
            "4",
        ),
    ]);
}

#[test]
fn properties_are_watched() {
    check(&[
        (
            "(function () { var o = { p: 1 }, log = []; o.watch('p', function (id, old, now) { log.push(id + old + now); return now * 10; }); o.p = 2; o.p = 3; o.unwatch('p'); o.p = 4; return log.join() + ' ' + o.p; })()",
            "p12,p203 4",
        ),
        (
            "(function () { var o = {}; o.watch('q', function (id, old, now) { return old + ':' + now; }); o.q = 1; var s = ''; for (var n in o) s += n; o.unwatch('q'); o.unwatch('other'); return s + o.q; })()",
            "qundefined:1",
        ),
        (
            "(function () { var n = ''; for (var i in {}) n += i; for (var i in []) n += i; for (var i in function () {}) n += i; return n; })()",
            "",
        ),
    ]);
}

#[test]
fn values_have_a_source() {
    check(&[
        (
            "({ a: 1, 'b c': [1, 'x', null, undefined], d: { e: true } }).toSource()",
            "({a:1, \"b c\":[1, \"x\", null, (void 0)], d:{e:true}})",
        ),
        ("uneval('a\"b')", "\"a\\\"b\""),
        (
            "uneval(-0) + uneval(5) + uneval(null) + uneval(undefined)",
            "-05null(void 0)",
        ),
        (
            "(new Date(5)).toSource() + /x/g.toSource() + (new Number(3)).toSource()",
            "(new Date(5))/x/g(new Number(3))",
        ),
        (
            "(function () { var o = {}; o.o = o; return o.toSource(); })()",
            "({o:{}})",
        ),
        ("eval(({ a: [1, { b: 2 }] }).toSource()).a[1].b", "2"),
    ]);
}

#[test]
fn old_habits_work() {
    check(&[
        ("(function (a, b, c) {}).arity", "3"),
        ("escape('a b\u{e4}') + unescape('%41%u0042')", "a%20b%E4AB"),
        (
            "(function () { undeclared = 5; return undeclared; })()",
            "5",
        ),
        ("(function () { with ({ x: 7 }) return x; })()", "7"),
        (
            "(function () { var o = {}; o.__proto__ = { inherited: 3 }; return o.inherited; })()",
            "3",
        ),
        (
            "(function () { var o = {}; o.__defineGetter__('g', function () { return 4; }); o.__defineSetter__('s', function (v) { this.v = v; }); o.s = 5; return o.g + o.v; })()",
            "9",
        ),
        (
            "(function () { return arguments.callee.length + arguments.length; })(1, 2)",
            "2",
        ),
    ]);
    check(&[
        ("010 + 0x10", "24"),
        ("({ private: 1, class: 2, int: 3 }).class", "2"),
        ("new Date(0).getYear()", "70"),
        ("'abc'.substr(1, 1) + 'x'.bold()", "b<b>x</b>"),
        ("(function () { return typeof this.trace; })()", "function"),
        (
            "(function () { 'x'.y = 5; undefined === (void 0); return 'sloppy'; })()",
            "sloppy",
        ),
    ]);
}

#[test]
fn the_pre_pass_is_in_front_of_the_engine() {
    let mut driver = evaluator(
        "const LIMIT = 5; LIMIT = 6;
        function each(o) { var s = ''; for each (var v in o) s += v; return s; }
        function caught() { try { throw 3; } catch (e if e == 2) { return 'two'; } catch (e if e == 3) { return 'three'; } }
        var o = { get g() { return 1; }, h getter: function () { return 2; } };",
    );
    assert_eq!(driver.eval("LIMIT"), 5.into());
    assert_eq!(driver.eval("each({ a: 1, b: 2 })"), "12".into());
    assert_eq!(driver.eval("caught()"), "three".into());
    assert_eq!(driver.eval("o.g + o.h"), 3.into());
}

#[test]
fn the_host_is_not_to_be_seen() {
    let mut driver = evaluator("");
    let names = "var n = []; for (var i in this) n.push(i); n.join()";
    assert_eq!(driver.eval(names), "n,i".into());
    assert_eq!(driver.eval("typeof host"), "undefined".into());
    assert_eq!(
        driver.eval("var s = []; for (var i in application) s.push(i); s.length"),
        0.into()
    );
    assert_eq!(driver.eval("undefined"), Value::Undefined);
}

/// A script that asks whether it may use a class must not be told yes for nothing.
#[test]
fn what_is_not_there_yet_has_no_name() {
    check(&[
        ("typeof NetStream", "undefined"),
        ("typeof RegExp.escape", "undefined"),
    ]);
}

/// The engine keeps a long text that is put together in pieces. Its `==` does not see through them.
#[test]
fn long_texts_are_the_same_however_they_were_made() {
    let mut driver = evaluator(
        "function put(n) { var s = ''; for (var i = 0; i < n; i++) s += 'abcdefgh'; return s; }
        function flat(n) { return new Array(n + 1).join('abcdefgh'); }
        function chosen(s, t) { switch (s) { case t: return true; } return false; }",
    );
    for n in [10, 1_000, 10_000] {
        driver.check(&[
            (&format!("put({n}) === flat({n})"), "true"),
            (&format!("chosen(put({n}), flat({n}))"), "true"),
        ]);
    }
}

/// What a script evaluates is JavaScript 1.5 as its files are.
#[test]
fn evaluated_text_is_rewritten_as_files_are() {
    let main = "function each(list) {
            var sum = 0;
            eval('for each (var x in list) sum += x;', sum);
            return sum + '/' + x;
        }
        function caught(value) {
            return eval(\"try { throw value } catch (e if e == 1) { 'one' } catch (e) { 'other' }\");
        }
        function nested() { var a = 4; return eval(\"eval('for each (var y in [a]) y')\"); }
        function shadowed(text) { var eval = function (t) { return t; }; return eval(text); }
        function nothing() { return typeof eval() + eval(5) + eval(...['1 + 1']); }
        sum = new Function('list', 'var s = 0; for each (var x in list) s += x; return s;');
        pick = Function('a, b', 'c', 'return a + b + c;');
        kept = new Function('const A = 1; A = 2; return A;');";
    let mut driver = evaluator(main);
    driver.check(&[
        ("each([1, 2, 3])", "6/3"),
        ("caught(1) + caught(2)", "oneother"),
        ("nested()", "4"),
        ("shadowed('for each (x in y)')", "for each (x in y)"),
        ("nothing()", "undefined52"),
        ("sum({ a: 1, b: 2 })", "3"),
        ("pick(1, 2, 3)", "6"),
        ("kept()", "1"),
        ("new Function()()", "undefined"),
        ("new Function('return this')() === this", "true"),
    ]);
}

/// What is there for that cannot be told from what the engine has.
#[test]
fn function_is_the_engines_own_to_look_at() {
    evaluator("function f() {}").check(&[
        (
            "typeof Function + Function.name + Function.length",
            "functionFunction1",
        ),
        (
            "f instanceof Function && f.constructor === Function",
            "true",
        ),
        ("Function.prototype === Object.getPrototypeOf(f)", "true"),
        ("new Function('a', 'b', 'return 1').length", "2"),
        (
            "Object.prototype.propertyIsEnumerable.call(this, 'Function')",
            "false",
        ),
        ("/native code/.test(Function)", "true"),
    ]);
    let thrown = |text: &str| evaluator("").thrown(text);
    assert_eq!(
        thrown("new Function('}); (function () {')"),
        "SyntaxError: the function ends too early"
    );
    assert!(thrown("new Function('for each (')").starts_with("SyntaxError"));
}
