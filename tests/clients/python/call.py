"""Connects to an application with librtmp, calls it, and tells what happens.

/usr/bin/python3 call.py --url rtmp://HOST:PORT/APP [--argument JSON]... [--call JSON]...
                         [--until called]

--argument  an argument of connect; objects may hold texts, numbers and booleans
--call      a method to call and its arguments, as a list; called one after another, each when the
            one before has been answered
--until     before it ends, waits until the server has called `answered`

Prints one line of JSON for each thing that happens:
{"connect": info}, {"result": value}, {"error": info}, {"called": [name, ...]}.
Methods that the server may call: add(a, b), answered(...).

It needs Debian's python3-librtmp, which is for the system's own Python.
"""

import argparse
import json

import librtmp

# Seconds without a word from the server.
SILENCE_S = 20


def tell(event, value):
    print(json.dumps({event: value}), flush=True)


class Refused(Exception):
    """The server has answered with an error, whose information object this has."""


def open_connection(url, arguments):
    connection = librtmp.RTMP(url, connect_data=arguments, timeout=SILENCE_S)

    @connection.invoke_handler
    def add(a, b):
        tell("called", ["add", a, b])
        return a + b

    @connection.invoke_handler
    def answered(*values):
        tell("called", ["answered", *values])

    # The package knows no errors of calls: to it this is a method like others.
    def error(info=None):
        raise Refused(info)

    connection.register_invoke_handler("_error", error)
    return connection


def call(connection, text):
    method, *values = json.loads(text)
    try:
        tell("result", connection.call(method, *values).result())
    except Refused as refused:
        tell("error", refused.args[0])


def run(options):
    arguments = [json.loads(text) for text in options.argument]
    connection = open_connection(options.url, arguments)
    try:
        tell("connect", connection.connect().result())
        for text in options.call:
            call(connection, text)
        if options.until:
            connection.process_packets(invoked_method="answered")
    except Refused as refused:
        tell("error", refused.args[0])
    finally:
        connection.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--argument", action="append", default=[])
    parser.add_argument("--call", action="append", default=[])
    parser.add_argument("--until", choices=["called"])
    run(parser.parse_args())


main()
