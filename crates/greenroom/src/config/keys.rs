//! The declaration of every configuration key. Add a key here and nowhere else.
//!
//! The doc comments are what operators read in `docs/reference/config.md`, so they say what the
//! key does to the running server, not how the code uses it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use appconfig::Host;
use configtext::{Setting, read_setting};

use super::key::{Key, sections};
use super::value::{
    AccountLine, BindingLine, ClientVersion, CodePage, CorsOrigin, DialectName, Domain, LogFilter,
    LogFormat, OtherPolicies, PluginName, PluginOrNone, PortList, PublishTakeover, RoomPath,
    XmlPortLine,
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The longest duration a key takes: a day.
const DAY_MS: u64 = 86_400_000;

fn any_address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))
}

sections! {
    /// RTMP over TCP: Flash players, encoders such as OBS and ffmpeg.
    rtmp: Rtmp {
        /// Address and port to listen on. Port 0 takes a free one, which is printed at start.
        listen: SocketAddr = any_address(1935);
        /// Size of the chunks the server sends. Larger chunks cost less processor time; smaller
        /// ones let a sound pass sooner between the pieces of a large picture.
        chunk_size_bytes: usize = 4096, range 128..=65_536;
        /// How many bytes a client may send, and is asked to accept, between acknowledgements.
        window_ack_bytes: usize = 2_500_000, range 65_536..=0x7fff_ffff;
        /// How long a connection may be silent before the server asks whether the client is
        /// still there.
        ping_interval_ms: u64 = 20_000, range 1_000..=DAY_MS;
        /// How long a connection may be silent before it is closed as dead. Longer than
        /// `rtmp.ping_interval_ms`.
        ping_timeout_ms: u64 = 45_000, range 1_000..=DAY_MS;
        /// Sends small packets at once (`TCP_NODELAY`) instead of waiting to fill larger ones.
        tcp_nodelay: bool = true;
        /// The server version told to clients in the answer to `connect` (`fmsVer`). Some movies
        /// refuse servers whose name they do not know.
        fms_version: String = "FMS/3,5,7,7009".into(), range 1..=64;
        /// The capability bits told to clients in the answer to `connect`.
        capabilities: u32 = 31, range 0..=0xffff_ffff;
        /// Calls `onBWDone` on clients once they are connected, as Flash Media Server did.
        on_bw_done: bool = true;
    }

    /// HTTP and WebSocket: web pages, browsers' players, metrics.
    http: Http {
        /// Address and port to listen on. Port 0 takes a free one, which is printed at start.
        listen: SocketAddr = any_address(8080);
        /// Web origins, besides the server's own, whose pages may read from it (CORS) and open
        /// a WebSocket to it: a list such as `["https://www.example.org"]`, or `["*"]` for every
        /// site. The empty default allows none.
        cors_origins: Vec<CorsOrigin> = Vec::new(), range 0..=64;
    }

    /// XML sockets: movies with the ElectroServer 3 class, and Flash Player's policy files. A browser
    /// reaches the same port over WebSocket. See [XML sockets](../electroserver.md).
    xml: Xml {
        /// Address and port to listen on. Port 0 takes a free one, which is printed at start.
        listen: SocketAddr = any_address(9875);
        /// Who speaks on that port. `electroserver`; `relay`: everybody gets every text;
        /// `relay-rooms`: all in the same room get it, which the first text of a connection names;
        /// `script:APPLICATION/INSTANCE`: the script of that instance gets it, by its
        /// [`XMLPort`](../scripting.md#xml-ports).
        dialect: DialectName = DialectName::known("electroserver"), range 1..=512;
        /// More ports, each with its address and dialect: `0.0.0.0:9876 relay`. The
        /// limits of this section are theirs too.
        ports: Vec<XmlPortLine> = Vec::new(), range 0..=64;
        /// Also serves policy files on `xml.policy_listen`, where Flash Player asks first. If that
        /// address cannot be listened on, a line in the log says so, and players find the policy
        /// file on `xml.listen` three seconds later.
        policy_server: bool = true;
        /// Address and port for policy files only. Flash Player knows no other port than 843.
        policy_listen: SocketAddr = any_address(843);
        /// Whose movies may open sockets here: the domains of the policy file. Of pages that open a
        /// WebSocket on an XML port it is their host. Names, `*.example.org` for that domain and
        /// all below it, or `*` for everybody. An empty list is nobody.
        policy_domains: Vec<Domain> = vec![Domain::known("*")], range 0..=256;
        /// Ports that the policy file opens: `*`, or ports and ranges such as `9875,516-523`. Empty
        /// for all XML ports of this server.
        policy_ports: PortList = PortList::known(""), range 0..=256;
        /// Which other policy files of this host count. Players heed it in that of port 843.
        policy_others: OtherPolicies = OtherPolicies::All;
        /// How long a client may be silent before it is greeted as an ElectroServer greets. Every
        /// other client speaks first.
        greeting_wait_ms: u64 = 200, range 1..=60_000;
        /// How long a client may take to log in. People type their names meanwhile.
        login_wait_ms: u64 = 600_000, range 100..=DAY_MS,
            reached "The connection is closed.";
        /// How long a client may say nothing. The protocol has no sign of life: whoever only reads
        /// says nothing.
        idle_ms: u64 = DAY_MS, range 100..=604_800_000,
            reached "The connection is closed.";
        /// How long a client may take nothing of what waits for it.
        stall_ms: u64 = 30_000, range 100..=DAY_MS,
            reached "The connection is closed; the log and the metrics name the reason.";
        /// Length of one text from a client, its zero byte left out.
        frame_bytes: usize = 64 * KIB, range 64..=16_777_216,
            reached "The connection is closed before the text is read.";
        /// Length of the name of a room of a `relay-rooms` port.
        relay_room_bytes: usize = 64, range 1..=4_096,
            reached "The connection is closed.";
        /// Elements in one text from a client.
        elements: usize = 4_096, range 16..=1_048_576,
            reached "The connection is closed.";
        /// Depth of elements within each other in one text from a client.
        depth: usize = 16, range 8..=60,
            reached "The connection is closed.";
        /// Attributes of one element in a text from a client.
        attributes: usize = 16, range 5..=1_024,
            reached "The connection is closed.";
        /// Bytes that wait to be sent to one client.
        outbox_bytes: usize = MIB, range 1_024..=1_073_741_824,
            reached "The connection is closed; the log and the metrics name the reason.";
        /// Requests that one client may make each second, on average; 0 means no such limit.
        requests_per_second: u32 = 100, range 0..=1_000_000,
            reached "The client's connection is not read until it may go on.";
        /// The same at once after a pause. At least `xml.requests_per_second`.
        requests_burst: u32 = 400, range 1..=1_000_000,
            reached "The client's connection is not read until it may go on.";
        /// The code page of clients that do not write UTF-8; `utf-8` closes their connections.
        code_page: CodePage = CodePage::known("windows-1252"), range 1..=64;
        /// The version of ElectroServer that clients are told. Their class refuses one that is
        /// older than itself.
        version: ClientVersion = ClientVersion::known("3.8.0"), range 5..=32;
        /// The zone of those who name none.
        default_zone: String = "Main".into(), range 1..=64;
        /// Lets whoever makes a room that is there already come into it. When false it is refused,
        /// and the class asks to join, without a password.
        create_joins: bool = false;
        /// The unit of the time of a ban in `ban()`. What it was is not known.
        ban_unit_ms: u64 = 60_000, range 1..=DAY_MS;
        /// Who says, in a private message, what the protocol has no packet for: warnings, that one
        /// is kicked or banned, refusals. Empty for nobody; they are not told then.
        notices_from: String = "Server".into(), range 0..=64;
        /// Packets that nothing is done about and that the log has named once: after that they are
        /// only counted.
        unknown_packets: usize = 256, range 0..=65_536,
            reached "Further kinds are counted and not named.";
    }

    /// Users, rooms and moderation of the XML socket server. SIGHUP reads again what is marked so:
    /// what is there already and is over a new limit stays.
    rooms: Rooms {
        /// Accounts: who has a password, and who may kick and ban. Entries are
        /// `name:role:hash`, with the role `user`, `moderator` or `administrator` and the hash as
        /// `greenroom password` prints it.
        accounts: Vec<AccountLine> = Vec::new(), range 0..=10_000;
        /// Lets in only those with an account.
        accounts_only: bool = false;
        /// Shortest name of a user, in characters.
        name_min_chars: usize = 3, range 1..=64;
        /// Longest name of a user, in characters. At least `rooms.name_min_chars`.
        name_max_chars: usize = 14, range 1..=255;
        /// Names nobody may take who has no account of that name.
        reserved_names: Vec<String> = Vec::new(), range 0..=10_000;
        /// Lets names be numbers. Flash clients turn `007` into 7.
        numeric_names: bool = true;
        /// What users without a name are called, with a number behind. Empty lets nobody in without
        /// a name.
        guest_prefix: String = String::new(), range 0..=32;
        /// Wrong passwords from one address within ten minutes.
        wrong_passwords: u32 = 10, range 1..=1_000_000,
            reached "The next bans the address for ten minutes.";
        /// Passwords that are hashed at the same time. Each takes 19 MiB and some milliseconds of
        /// one processor; others wait their turn.
        password_threads: usize = 2, range 1..=64;
        /// Words that are not wanted in messages and names, in any case of letters.
        words: Vec<String> = Vec::new(), range 0..=10_000;
        /// Parts of words that are not wanted: a word that has one in it is as a word of
        /// `rooms.words`.
        word_roots: Vec<String> = Vec::new(), range 0..=10_000;
        /// What stands for a word that is not wanted; one character stands for each of its letters.
        /// Empty refuses the message.
        word_replacement: String = "*".into(), range 0..=64;
        /// Whether there is a flood filter. Rooms may switch it off for themselves.
        flood_filter: bool = true;
        /// Messages a user may send at once.
        flood_burst: u32 = 10, range 1..=1_000_000,
            reached "The message is dropped and the user warned.";
        /// How long it takes until one more is allowed.
        flood_interval_ms: u64 = 500, range 1..=DAY_MS;
        /// How often a user may send the same text in a row within thirty seconds; 0 means no such
        /// limit.
        flood_repeats: u32 = 5, range 0..=1_000_000,
            reached "The message is dropped and the user warned.";
        /// How long a user who was warned is not warned again; what comes meanwhile is dropped.
        flood_grace_ms: u64 = 1_000, range 0..=DAY_MS;
        /// Warnings of one user.
        flood_warnings: u32 = 2, range 0..=1_000,
            reached "The next is the end of the connection.";
        /// Such ends of one name or address within an hour.
        flood_kicks: u32 = 2, range 0..=1_000,
            reached "The next is a ban for `rooms.flood_ban_ms`.";
        /// How long such a ban lasts.
        flood_ban_ms: u64 = 3_600_000, range 1_000..=604_800_000;
        /// Whether a ban of a user is one of the name.
        ban_name: bool = true;
        /// Whether a ban of a user is one of the address.
        ban_address: bool = true;
        /// How long changed numbers of users wait, so that many joins are one change of the list.
        counts_delay_ms: u64 = 100, range 0..=60_000;
        /// Changed numbers of users that somebody is told a second, unless `rooms.counts_delay_ms`
        /// is 0.
        counts_per_second: u32 = 100, range 1..=1_000_000,
            reached "The zone's next numbers wait longer, and are told as they are then.";
        /// Users logged in at one time.
        users: usize = 10_000, range 1..=1_000_000,
            reached "The login is refused.";
        /// Zones at one time.
        zones: usize = 256, range 1..=65_536,
            reached "The room is not made.";
        /// Rooms of one zone.
        rooms_per_zone: usize = 1_000, range 1..=65_536,
            reached "The room is not made.";
        /// Rooms that one user has made and that are still there.
        rooms_per_user: usize = 10, range 1..=65_536,
            reached "The room is not made.";
        /// Length of the name of a room or zone.
        room_name_bytes: usize = 64, range 1..=4_096,
            reached "The room is not made.";
        /// Length of a room's description.
        description_bytes: usize = 8 * KIB, range 64..=1_048_576,
            reached "It is refused.";
        /// Variables of one room.
        room_variables: usize = 128, range 0..=65_536,
            reached "The variable is refused.";
        /// Variables of one user, and of one message.
        user_variables: usize = 64, range 0..=65_536,
            reached "The variable or the message is refused.";
        /// Length of a variable's value.
        variable_bytes: usize = 16 * KIB, range 16..=1_048_576,
            reached "The variable is refused.";
        /// Bytes of all variables of one room or one user.
        variables_bytes: usize = 64 * KIB, range 16..=16_777_216,
            reached "The variable is refused.";
        /// Length of a message.
        message_bytes: usize = 64 * KIB, range 16..=16_777_216,
            reached "The message is refused.";
        /// Recipients of one private message.
        recipients: usize = 64, range 1..=65_536,
            reached "The message is refused.";
        /// Buddies of one user.
        buddies: usize = 200, range 0..=65_536,
            reached "The buddy is refused.";
        /// Rooms that are there from the start, written `zone/name`, such as `Main/Lobby`. They are
        /// stored, with their persistent variables, and stay when nobody is in them. One that is
        /// taken out here stays until a script removes it.
        stored: Vec<RoomPath> = Vec::new(), range 0..=10_000;
        /// Bans at one time.
        bans: usize = 10_000, range 1..=1_000_000,
            reached "The one that ends first gives way.";
        /// Directory with one folder per plugin, each with a `main.asc`. A relative path starts at
        /// the directory the server was started in. See [plugins](../electroserver.md#plugins).
        plugins_dir: PathBuf = PathBuf::from("./plugins"), range 1..=4096;
        /// Plugins that a client may give to a room it makes.
        plugins: Vec<PluginName> = Vec::new(), range 0..=1_024;
        /// Plugins that start with the server, and that clients in any room can call.
        server_plugins: Vec<PluginName> = Vec::new(), range 0..=64;
        /// The plugin that decides who may log in, and under which name. It is a plugin of the
        /// server. Empty for none; `rooms.accounts` decide then.
        login_plugin: PluginOrNone = PluginOrNone::known(""), range 0..=64;
        /// How long a login waits for that plugin.
        login_decision_ms: u64 = 10_000, range 10..=600_000,
            reached "The login is refused, and may be tried again; the log tells.";
        /// Plugins at one time, of all rooms and the server.
        plugins_running: usize = 256, range 0..=65_536,
            reached "The plugin is not started; the log tells.";
        /// Plugins of one room.
        plugins_per_room: usize = 8, range 1..=1_024,
            reached "The plugin is not started; the log tells.";
        /// Requests that wait for one plugin.
        plugin_requests: usize = 256, range 1..=65_536,
            reached "The request is dropped; the log tells. A plugin for which twice as much waits \
                is ended.";
        /// How long a plugin waits for another that it calls.
        plugin_call_ms: u64 = 1_000, range 1..=60_000,
            reached "The call fails.";
        /// Requests of all clients that wait for their turn.
        inbox: usize = 1_024, range 16..=1_048_576,
            reached "The client's connection is not read until there is room again.";
        /// Zones that are bound to instances, each as `ZONE=APPLICATION/INSTANCE`: clients of the
        /// instance are told what is said in its rooms, see rooms, users and variables in the
        /// shared object `rooms`, and can come in. See [Rooms](../scripting.md#a-bound-zone).
        bindings: Vec<BindingLine> = Vec::new(), range 0..=1_024;
        /// How long a script waits for an answer of its `Rooms`.
        script_wait_ms: u64 = 1_000, range 10..=60_000,
            reached "It is refused what it asked for, with a warning.";
        /// Events in rooms that wait for one script.
        script_news: usize = 1_024, range 1..=1_048_576,
            reached "The script misses what follows, and its `Rooms.onLost` is told how much.";
        /// Zones that one script watches.
        script_zones: usize = 64, range 1..=65_536,
            reached "The script is refused one more, with a warning.";
        /// Users for whom one script speaks.
        script_guests: usize = 1_000, range 0..=1_048_576,
            reached "The script is refused one more, with a warning.";
        /// Changes of bans, stored rooms, their variables, and buddies that wait for the store. Of
        /// one thing the newest counts.
        unsaved_changes: usize = 65_536, range 1..=16_777_216,
            reached "A change lasts until the server ends; the log tells.";
        /// How long after the store has refused a change it is asked again.
        save_again_ms: u64 = 1_000, range 10..=DAY_MS;
    }

    /// The applications that clients connect to.
    applications: Applications {
        /// Directory with one folder per application. A relative path starts at the directory
        /// the server was started in. The default may be missing; a directory named here must
        /// exist.
        dir: PathBuf = PathBuf::from("./applications"), range 1..=4096;
        /// Length of each settings file: `Application.xml`, `application.toml` and `fms.ini`.
        file_bytes: usize = MIB, range 1_024..=67_108_864,
            reached "The application is not started; the log names the file.";
        /// Elements in one `Application.xml`.
        xml_elements: usize = 8_192, range 16..=1_048_576,
            reached "The file counts as damaged: that of an application is ignored, and with that \
                for all applications none is started.";
        /// Depth of elements within each other in one `Application.xml`.
        xml_depth: usize = 32, range 8..=60,
            reached "The file counts as damaged, as with `applications.xml_elements`.";
        /// Length of one text or attribute in an `Application.xml`.
        xml_text_bytes: usize = 16 * KIB, range 256..=16_777_216,
            reached "The file counts as damaged, as with `applications.xml_elements`.";
        /// Attributes of one element in an `Application.xml`.
        xml_attributes: usize = 32, range 1..=1_024,
            reached "The file counts as damaged, as with `applications.xml_elements`.";
        /// For those who write applications: looks every `applications.dev_interval_ms` whether
        /// a script or settings file of an application has changed, and then loads its instances
        /// anew. Clients are told `NetConnection.Connect.AppShutdown` and closed. The option
        /// `--dev` does the same.
        dev: bool = false;
        /// How often it is looked for changed files while `applications.dev` is on.
        dev_interval_ms: u64 = 500, range 10..=60_000;
        /// Files of one application that are watched while `applications.dev` is on.
        dev_files: usize = 1_024, range 1..=1_048_576,
            reached "The file is read but not watched.";
    }

    /// Applications with a script (`main.asc`): what they are told, and what they may use. SIGHUP
    /// unloads them all, and tells their clients, so that changed scripts are loaded. An application
    /// can say otherwise for itself, see the [application settings](application-config.md).
    scripts: Scripts {
        /// Folders and `.far` archives in which `load()` looks, in this order, for what the
        /// application does not have. A relative path starts at the directory the server was
        /// started in.
        library: Vec<PathBuf> = Vec::new(), range 0..=64;
        /// How long an instance stays loaded without clients, before its script is asked
        /// whether it may be unloaded.
        max_idle_ms: u64 = 1_200_000, range 1_000..=DAY_MS;
        /// How long a script may leave a client neither accepted nor rejected.
        pending_timeout_ms: u64 = 60_000, range 1_000..=DAY_MS,
            reached "The client is rejected and its connection closed.";
        /// Clients that may wait for one instance while its script starts or stops.
        waiting_joins: usize = 1_024, range 1..=1_000_000,
            reached "`connect` is refused with `NetConnection.Connect.Rejected`.";
        /// Messages about shared objects that one client may send before the script has let it in.
        /// They are carried out once it has.
        waiting_object_messages: usize = 64, range 1..=65_536,
            reached "The message is dropped, which the log tells at the level debug.";
        /// Bytes of these messages.
        waiting_object_bytes: usize = 64 * KIB, range 1_024..=16_777_216,
            reached "The message is dropped, which the log tells at the level debug.";
        /// Calls to one client, or over one connection of a script, that wait for an answer.
        waiting_calls: usize = 1_024, range 1..=1_000_000,
            reached "The call fails with `NetConnection.Call.Failed`.";
        /// Memory of one script, its engine included.
        memory_bytes: usize = 32 * MIB, range 1_048_576..=4_294_967_295,
            reached "The instance is unloaded and its clients are closed.";
        /// How long one handler of a script may run; 0 means no such limit.
        handler_ms: u64 = 5_000, range 0..=DAY_MS,
            reached "The handler is stopped; the log names file and line.";
        /// How long a script may be away without coming back, inside the functions of its
        /// engine included. At least `scripts.handler_ms`.
        stuck_after_ms: u64 = 10_000, range 100..=DAY_MS,
            reached "The instance's clients are closed and its thread is written off; the log \
                and the metrics tell.";
        /// Threads of scripts that were written off and still run. Nothing can end such a thread
        /// but its script, or the end of the server.
        lost_threads: usize = 16, range 1..=1_024,
            reached "No further instance with a script starts: `connect` is refused with \
                `NetConnection.Connect.Rejected`; the log and the metrics tell.";
        /// Connections that one script may have to other instances and servers.
        connections: usize = 64, range 1..=65_536,
            reached "The connection fails with `NetConnection.Connect.Failed`.";
        /// Connections and sockets that one script has closed and that are not at their end.
        ending_connections: usize = 64, range 1..=65_536,
            reached "A further connection fails with `NetConnection.Connect.Failed`, a socket is \
                closed.";
        /// Calls that one such connection holds until the other side has accepted it.
        connection_messages: usize = 1_024, range 1..=65_536,
            reached "The call fails with `NetConnection.Call.Failed`.";
        /// Refusals of such connections and calls that wait until the script can be told of them.
        waiting_refusals: usize = 1_024, range 16..=1_048_576,
            reached "The script is not told of the connections and calls that it makes beyond it.";
        /// `XMLSocket`s that one script may have open.
        sockets: usize = 16, range 1..=65_536,
            reached "`connect` returns false; the log tells.";
        /// Bytes of one text that an `XMLSocket` receives; its `maxUnprocessedChars` can only be
        /// less.
        socket_text_bytes: usize = 64 * KIB, range 1..=16_777_216,
            reached "The socket is closed; the log tells.";
        /// Bytes of texts that wait until the other side of an `XMLSocket` takes them.
        socket_waiting_bytes: usize = MIB, range 1_024..=268_435_456,
            reached "The socket is closed; the log tells.";
        /// What other instances and servers see as the agent of a script's connection.
        agent: String = "FlashCom/1.5.2".into(), range 1..=64;
        /// Host names by which scripts may call this server, besides `localhost` and the
        /// addresses of the machine to itself.
        own_hosts: Vec<String> = Vec::new(), range 0..=64;
        /// Hosts other than this server that scripts may connect to: names such as
        /// `"www.example.org"`, `"*.example.org"` for every name below it, addresses, or `"*"` for
        /// all; with `:PORT` only that port. The empty default allows none. An
        /// `XMLSocket` reaches these only: for one to this machine, name it here.
        allowed_hosts: Vec<Host> = Vec::new(), range 0..=1_024;
        /// How long another server may take to answer a script's connection or socket, or to take
        /// what it is sent.
        connect_timeout_ms: u64 = 10_000, range 100..=600_000,
            reached "The connection fails or is closed.";
        /// Compares the entries of `readAccess` and `writeAccess` with the beginning of a name,
        /// so that `a` covers `ab`. When false they cover whole parts of a path: `a` and `a/b`.
        access_by_prefix: bool = false;
    }

    /// Where the server keeps what it writes.
    data: Data {
        /// Directory for everything the server writes, created when missing. A relative path
        /// starts at the directory the server was started in.
        dir: PathBuf = PathBuf::from("./data"), range 1..=4096;
        /// Refuses to start when the store in `data.dir` cannot be opened. When false the server
        /// starts without it: persistent shared objects live as long as somebody uses them, and
        /// a script's `flush` says false.
        require_store: bool = true;
        /// Saves that wait for the store at one time.
        store_queue: usize = 8_192, range 1..=1_048_576,
            reached "The save fails and is tried again later; a script's `flush` says false.";
        /// Bytes of the saves that wait for the store at one time. A save that is larger waits
        /// alone.
        store_queue_bytes: usize = 64 * MIB, range 1_048_576..=4_294_967_296,
            reached "The save fails and is tried again later; a script's `flush` says false.";
        /// Memory for parts of the store that were read or written last.
        store_cache_bytes: usize = 32 * MIB, range 1_048_576..=68_719_476_736;
        /// After the disk has failed, how long to wait before it is written to again. Until then
        /// saves fail at once.
        store_retry_ms: u64 = 1_000, range 0..=DAY_MS;
    }

    /// The socket over which `greenroom app` and `greenroom so` speak to the running server.
    control: Control {
        /// Path of the control socket, a Unix domain socket that only the server's user can open.
        /// A relative path starts in `data.dir`. Empty for none.
        socket: String = "greenroom.sock".into(), range 0..=100;
    }

    /// Shared objects: the state that the clients and the script of an instance have in common. An
    /// application can say otherwise for itself, see the
    /// [application settings](application-config.md).
    shared_objects: SharedObjects {
        /// Objects of one instance at one time.
        objects: usize = 10_000, range 1..=1_000_000,
            reached "The object is refused with `SharedObject.ObjectCreationFailed`.";
        /// Persistent objects of one instance, whether somebody uses them or not. A cleared object
        /// that nobody uses counts no more.
        stored_objects: usize = 100_000, range 1..=10_000_000,
            reached "The object is refused with `SharedObject.ObjectCreationFailed`.";
        /// Slots of one object.
        slots: usize = 16_384, range 1..=1_048_576,
            reached "The change is refused with a status, and the value there is sent back.";
        /// Length of the value of one slot, in AMF.
        slot_bytes: usize = 256 * KIB, range 64..=16_777_215,
            reached "The change is refused with a status, and the value there is sent back.";
        /// Length of the name of one object.
        name_bytes: usize = 255, range 1..=4_096,
            reached "The object is refused with `SharedObject.ObjectCreationFailed`.";
        /// Length of the name of one slot.
        slot_name_bytes: usize = 255, range 1..=4_096,
            reached "The change is refused with a status.";
        /// Clients that use one object at one time.
        subscribers: usize = 10_000, range 1..=1_000_000,
            reached "The object is refused with `SharedObject.ObjectCreationFailed`.";
        /// Deleted slots that one object remembers, for clients that come back with an older copy.
        deletion_records: usize = 16_384, range 0..=1_048_576,
            reached "The oldest are forgotten; a client whose copy is older gets the whole object \
                anew.";
        /// Bytes of all slots of one object with their names. Whoever begins to use an object gets
        /// all of it in one message.
        object_bytes: usize = 4 * MIB, range 65_536..=12_582_912,
            reached "The change is refused with a status, and the value there is sent back.";
        /// Changes and messages of clients that wait for one object while the script has it
        /// locked.
        held_requests: usize = 10_000, range 1..=1_048_576,
            reached "The change is refused with a status, and the value there is sent back.";
        /// Length of the names and values in what waits for one object while the script has it
        /// locked.
        held_bytes: usize = 8 * MIB, range 65_536..=268_435_456,
            reached "The change is refused with a status, and the value there is sent back.";
        /// How long changes of an object are gathered, after a first one that goes out at once,
        /// before they go to those who use it in one message. More costs less processor time and
        /// adds as much delay; 0 sends each by itself.
        batch_ms: u64 = 50, range 0..=1_000;
        /// Changes and messages of one object that are gathered at most.
        batch_items: usize = 4_096, range 1..=1_048_576,
            reached "They are sent before `shared_objects.batch_ms` is over.";
        /// Bytes of changes that wait to be sent to one client. Before that, a slow client is
        /// sent only the latest value of each slot.
        backlog_bytes: usize = 8 * MIB, range 65_536..=1_073_741_824,
            reached "The connection is closed; the log and the metrics name the reason.";
        /// How long a change of a persistent object may be unstored.
        auto_commit_interval_ms: u64 = 1_000, range 10..=DAY_MS;
        /// How long a script's `flush` and `commit` wait until what they store is safe.
        flush_timeout_ms: u64 = 5_000, range 10..=60_000,
            reached "`flush` says false; what is to be stored stays in memory and is stored later.";
        /// How long an instance that ends goes on trying to store what has changed, when the store
        /// is busy or the disk fails. Who joins it meanwhile waits.
        end_timeout_ms: u64 = 5_000, range 10..=600_000,
            reached "The instance ends; the log names what is lost.";
        /// What happens to the change of a client that had not yet seen a newer change of the same
        /// slot. When false it is refused, and the client gets the value there; when true it is
        /// taken.
        last_writer_wins: bool = false;
        /// Takes a persistent and a temporary object of one name for the same object: whoever asks
        /// for the other kind is refused with `SharedObject.BadPersistence`. When false they are
        /// two objects.
        one_name_space: bool = false;
        /// Changes and messages that wait for the owner of a proxied object to take or to answer
        /// them, for each object.
        proxy_requests: usize = 1_000, range 1..=1_048_576,
            reached "The change is refused with a status, and the value there is sent back.";
        /// How long the owner of a proxied object may take to answer.
        proxy_answer_ms: u64 = 10_000, range 100..=600_000,
            reached "What it was asked is refused. A subscription has failed, which the script's \
                object is told; one that was there begins anew.";
        /// Lets proxies speak with the owners of their objects as clients do. When false they
        /// speak as Flash Media Servers do with each other, which this server understands too.
        proxy_as_client: bool = false;
    }

    /// Live streams: publishers, and the players that watch them.
    live: Live {
        /// What happens when a second client publishes a name that is in use. `reject` refuses
        /// it; `replace-if-stalled` lets it take over when the first has sent nothing for
        /// `live.publisher_stall_ms`; `replace` always lets it take over.
        publish_takeover: PublishTakeover = PublishTakeover::ReplaceIfStalled;
        /// How long a publisher may send nothing before it counts as stalled.
        publisher_stall_ms: u64 = 10_000, range 100..=DAY_MS;
        /// The same for a publisher that has sent nothing since it began.
        publisher_first_media_ms: u64 = 20_000, range 100..=DAY_MS;
        /// Starts a new player at the newest key frame already received, so that its picture
        /// appears at once. When false it waits for the next key frame.
        gop_cache: bool = true;
        /// Bytes of recent media that one stream keeps, for new players and for those that lag. A
        /// stream whose key frames are farther apart than this starts new players at its next
        /// key frame. At least `live.player_lag_bytes`.
        ring_bytes: usize = 16 * MIB, range 65_536..=4_294_967_295;
        /// Messages that one stream keeps at most, however small they are.
        ring_entries: usize = 65_536, range 64..=16_777_216,
            reached "The oldest are forgotten; a player that still lacks them skips.";
        /// Bytes of codec headers, of all tracks together, that one stream keeps for new players.
        ring_header_bytes: usize = MIB, range 1_024..=1_073_741_824,
            reached "The header is passed on but not kept for players that come later.";
        /// Data frames (`@setDataFrame`, such as `onMetaData`) that one stream keeps for new
        /// players.
        ring_data_frames: usize = 32, range 1..=65_536,
            reached "The data frame is passed on but not kept for players that come later.";
        /// Bytes of all data frames that one stream keeps for new players.
        ring_data_frame_bytes: usize = 256 * KIB, range 1_024..=1_073_741_824,
            reached "The data frame is passed on but not kept for players that come later.";
        /// How many bytes a player may be behind the publisher.
        player_lag_bytes: usize = 2 * MIB, range 65_536..=1_073_741_824,
            reached "The player skips to the newest key frame; the skipped messages are counted.";
        /// How much media time a player may be behind the publisher.
        player_lag_ms: u64 = 3_000, range 100..=600_000,
            reached "The player skips to the newest key frame; the skipped messages are counted.";
        /// How long a player may accept no bytes at all. At least `live.player_lag_ms`.
        player_stall_close_ms: u64 = 15_000, range 1_000..=DAY_MS,
            reached "The connection is closed; the log and the metrics name the reason.";
        /// How long a player may take bytes and yet never be up to date. At least
        /// `live.player_lag_ms`.
        player_behind_close_ms: u64 = 60_000, range 1_000..=DAY_MS,
            reached "The connection is closed; the log and the metrics name the reason.";
        /// How long media may wait to be sent together with what follows. More costs less
        /// processor time per player and adds as much delay; 0 sends at once.
        latency_budget_ms: u64 = 0, range 0..=1_000;
        /// Sends `NetStream.Data.Start` when a stream begins to play, as Flash Media Server did.
        data_start: bool = true;
        /// Lets movies read the samples of a stream's sound (`|RtmpSampleAccess`).
        sample_access_audio: bool = false;
        /// Lets movies read the pixels of a stream's picture (`|RtmpSampleAccess`).
        sample_access_video: bool = false;
    }

    /// How streams are recorded into files. Which streams are, and where the files are, is said for
    /// each application, see the [application settings](application-config.md).
    recording: Recording {
        /// How long what was received may wait to be written. Should the server be killed, a
        /// recording lacks no more than this.
        flush_ms: u64 = 500, range 10..=60_000;
        /// Bytes of one recording that are written without waiting for more.
        flush_bytes: usize = 256 * KIB, range 4_096..=67_108_864;
        /// How often what was written is forced onto the disk, so that it is there after a power
        /// cut. 0 leaves that to the operating system, also when a recording ends.
        sync_ms: u64 = 5_000, range 0..=DAY_MS;
        /// Bytes of one recording that wait while the disk is slow; after that the stream's ring
        /// holds some more. At least `recording.flush_bytes`.
        queue_bytes: usize = 8 * MIB, range 65_536..=1_073_741_824,
            reached "The recording skips to the newest key frame; the log and the metrics tell. The \
                live stream does not wait.";
        /// Key frames in the index of one recording, for seeking. A longer recording keeps them
        /// farther apart. Each takes 18 bytes at the start of the file.
        index_entries: usize = 1_000, range 2..=16_384;
        /// Recordings of the whole server at one time.
        files: usize = 1_000, range 1..=100_000,
            reached "The recording fails with `NetStream.Record.Failed`; the live stream goes on.";
        /// Recordings that use the disk at the same time; others wait their turn.
        writers: usize = 16, range 1..=256;
        /// Players that read their files at the same time; others wait their turn.
        readers: usize = 16, range 1..=256;
        /// Whether recordings are looked for and played. Without, the name of one is that of a
        /// live stream that nobody publishes.
        play: bool = true;
    }

    /// What one client, one address or all of them together may use. Each limit protects the
    /// server from a peer that asks for too much; none is meant to be met in normal use.
    limits: Limits {
        /// Connections at one time, over all listeners.
        connections: usize = 10_000, range 1..=1_000_000,
            reached "The new connection is refused; see `limits.refused_connections`.";
        /// Connections at one time from one IP address; 0 means no such limit. Addresses of this
        /// machine itself (`127.0.0.0/8`, `::1`) are exempt. Raise it when all clients arrive
        /// through one proxy or address translator.
        connections_per_ip: usize = 1_000, range 0..=1_000_000,
            reached "The new connection is refused; see `limits.refused_connections`.";
        /// Connections at one time that have not completed `connect` (or their HTTP request).
        pending_connections: usize = 6_000, range 1..=1_000_000,
            reached "The new connection is refused; see `limits.refused_connections`.";
        /// Connections past one of the limits above that are served at one time, just far enough
        /// to be told so: `connect` is refused with `NetConnection.Connect.Rejected`, an HTTP
        /// request with 503. A line in the log, at most one a second, names the newest.
        refused_connections: usize = 100, range 0..=1_000_000,
            reached "The connection is closed at once and counted.";
        /// Time from being accepted to the end of the RTMP handshake.
        handshake_timeout_ms: u64 = 5_000, range 100..=600_000,
            reached "The connection is closed.";
        /// Time from being accepted to the `connect` command. At least
        /// `limits.handshake_timeout_ms`.
        connect_timeout_ms: u64 = 10_000, range 100..=600_000,
            reached "The connection is closed.";
        /// Length of one audio or video message from a client.
        media_message_bytes: usize = 4 * MIB, range 65_536..=16_777_215,
            reached "The connection is closed before the message is read.";
        /// Length of one command, data or shared object message from a client.
        command_message_bytes: usize = MIB, range 1_024..=16_777_215,
            reached "The connection is closed before the message is read.";
        /// Messages that one connection has begun and not completed.
        partial_messages: usize = 64, range 1..=65_536,
            reached "The connection is closed.";
        /// Bytes held for messages that one connection has begun and not completed. At least
        /// `limits.media_message_bytes`.
        partial_bytes: usize = 8 * MIB, range 65_536..=1_073_741_824,
            reached "The connection is closed.";
        /// Messages that one client sends in one piece: one read of its connection, of at most
        /// 64 KiB. Those inside an aggregate message are counted one by one.
        messages_at_once: usize = 8_192, range 64..=1_048_576,
            reached "The connection is closed.";
        /// Chunk streams that one connection uses.
        chunk_streams: usize = 256, range 8..=65_600,
            reached "The connection is closed.";
        /// Streams (`createStream`) that one connection has open.
        streams_per_connection: usize = 32, range 1..=10_000,
            reached "`createStream` is refused with `_error`.";
        /// Depth of objects and arrays within each other in one value from a client.
        amf_depth: usize = 64, range 4..=256,
            reached "The message is refused and the connection closed.";
        /// Values in one message from a client: every number, text, object and array, and every
        /// property and entry in them.
        amf_elements: usize = 65_536, range 64..=1_048_576,
            reached "The message is refused and the connection closed.";
        /// Length of the values of one message to a client, what they share written out each time.
        amf_output_bytes: usize = MIB, range 4_096..=16_777_215,
            reached "The message is not sent and the connection closed.";
        /// Events, slots and keys in one shared object message from a client.
        shared_object_items: usize = 16_384, range 64..=1_048_576,
            reached "The message is refused and the connection closed.";
        /// Length of an application's name in `connect`.
        application_name_bytes: usize = 255, range 1..=4_096,
            reached "`connect` is refused with `NetConnection.Connect.Rejected`.";
        /// Length of an instance's name in `connect`.
        instance_name_bytes: usize = 255, range 1..=4_096,
            reached "`connect` is refused with `NetConnection.Connect.Rejected`.";
        /// Length of a stream's name in `publish` and `play`, with its query.
        stream_name_bytes: usize = 1_024, range 1..=16_384,
            reached "`publish` or `play` is refused with a status.";
        /// Entries of the playlist that `play` makes for one stream.
        playlist_items: usize = 128, range 1..=65_536,
            reached "`play` is refused with a status.";
        /// Instances of one application at one time.
        instances_per_application: usize = 1_024, range 1..=1_000_000,
            reached "`connect` is refused with `NetConnection.Connect.Rejected`.";
        /// Clients of one instance at one time.
        clients_per_instance: usize = 10_000, range 1..=1_000_000,
            reached "`connect` is refused with `NetConnection.Connect.Rejected`.";
        /// Events waiting for one instance to handle them.
        instance_inbox_events: usize = 1_024, range 16..=1_048_576,
            reached "The client's connection is not read until there is room again.";
        /// Orders of an instance waiting for one client's connection to carry them out.
        client_orders: usize = 1_024, range 64..=1_048_576,
            reached "The connection is closed; the log and the metrics name the reason.";
        /// Bytes of commands, data and shared object messages waiting to be sent to one client.
        /// Media does not wait here; see `live.player_lag_bytes`.
        client_outbox_bytes: usize = MIB, range 65_536..=1_073_741_824,
            reached "The connection is closed; the log and the metrics name the reason.";
        /// Remote calls that one client may make each second, on average; 0 means no such limit.
        calls_per_second: u32 = 50, range 0..=1_000_000,
            reached "The call is refused with `_error`.";
        /// Remote calls that one client may make at once after a pause. At least
        /// `limits.calls_per_second`.
        calls_burst: u32 = 200, range 1..=1_000_000,
            reached "The call is refused with `_error`.";
        /// Slots of shared objects that one client may write each second, on average, messages it
        /// may send over them, and objects it may begin to use; 0 means no such limit.
        shared_object_writes_per_second: u32 = 100, range 0..=1_000_000,
            reached "The change is refused with a status, and the value there is sent back.";
        /// The same at once after a pause. At least `limits.shared_object_writes_per_second`.
        shared_object_writes_burst: u32 = 400, range 1..=1_000_000,
            reached "The change is refused with a status, and the value there is sent back.";
        /// Length of the head of one HTTP request: its request line and all headers.
        http_header_bytes: usize = 16 * KIB, range 8_192..=1_048_576,
            reached "The request is answered with 431 and the connection closed.";
        /// Length of one WebSocket message from a client.
        websocket_message_bytes: usize = 64 * KIB, range 1_024..=16_777_216,
            reached "The connection is closed with code 1009.";
    }

    /// What the server writes to standard error.
    log: Log {
        /// The least severe level written: `error`, `warn`, `info`, `debug`, `trace` or `off`;
        /// or a comma-separated list with levels for single modules, such as
        /// `warn,greenroom=info`.
        level: LogFilter = LogFilter::default();
        /// `text` is one line for people, `json` one JSON object per line for log collectors.
        format: LogFormat = LogFormat::Text;
    }

    /// The server process itself.
    server: Server {
        /// Threads that serve connections; 0 starts one per processor core.
        threads: usize = 0, range 0..=1024;
        /// How long a server told to stop (SIGTERM or SIGINT) lets its clients finish before it
        /// closes them. A second signal closes them at once.
        drain_timeout_ms: u64 = 10_000, range 0..=DAY_MS;
    }
}
