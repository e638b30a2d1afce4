#!/bin/bash
# start.sh NAME: starts one peer with the configuration kept here and prints
# its pid. Where a peer's program lies can be set with the variables below.
#   GREENROOM_BIN SRS_BIN XIU_BIN NODE_MODULES
. "$(dirname "$0")/lib.sh"
TOP=$(cd "$PEERS/../../.." && pwd)
GREENROOM_BIN=${GREENROOM_BIN:-$TOP/target/release/greenroom}
SRS_BIN=${SRS_BIN:-srs}
XIU_BIN=${XIU_BIN:-xiu}
export NODE_PATH=${NODE_MODULES:-$PWD/node_modules}
name=$1
case $name in
greenroom)
  start $name 17034 "$GREENROOM_BIN" serve --rtmp 127.0.0.1:17034 --http 127.0.0.1:0 \
    --applications "$TOP/applications" --data "$RUN/$name" --set server.threads=1 ;;
nginx-rtmp)
  mkdir -p "$RUN/$name"
  start $name 17035 nginx -p "$RUN/$name" -c "$PEERS/nginx-rtmp.conf" -e "$RUN/$name/error.log" ;;
srs|srs-lowlat)
  mkdir -p "$RUN/$name"; cd "$RUN/$name"; mkdir -p objs
  port=17036; [ $name = srs ] || port=17037
  start $name $port "$SRS_BIN" -c "$PEERS/$name.conf" ;;
xiu)
  start $name 17038 "$XIU_BIN" --config "$PEERS/xiu.toml" ;;
node-media-server)
  start $name 17039 node "$PEERS/node-media-server.mjs" ;;
nats)
  start $name 17042 nats-server -c "$PEERS/nats.conf" ;;
ngircd)
  start $name 17043 ngircd -n -f "$PEERS/ngircd.conf" ;;
inspircd)
  mkdir -p "$RUN/$name"
  sed "s#@RUN@#$RUN#g" "$PEERS/inspircd.conf" >"$RUN/$name/inspircd.conf"
  start $name 17044 inspircd --nofork --runasroot --config "$RUN/$name/inspircd.conf" ;;
prosody)
  mkdir -p "$RUN/$name/data"
  sed "s#@RUN@#$RUN#g" "$PEERS/prosody.cfg.lua" >"$RUN/$name/prosody.cfg.lua"
  start $name 17045 prosody --config "$RUN/$name/prosody.cfg.lua" -F --root ;;
ejabberd)
  . "$PEERS/ejabberd.sh" ;;
ws-node)
  start $name 17047 node "$PEERS/ws-node.js" ;;
socketio)
  start $name 17048 node "$PEERS/socketio.js" ;;
colyseus)
  start $name 17050 node "$PEERS/colyseus.js" ;;
nulxml-node)
  start $name 17051 node "$PEERS/nulxml-node.js" ;;
*)
  echo "unknown peer $name" >&2; exit 2 ;;
esac
