#!/bin/bash
# Makes the video clip that the RTMP load uses: 720p30 H.264 (no B frames,
# key frame every 2 s, about 2.4 Mbit/s) with 128 kbit/s stereo AAC, 60 s.
# Noise in picture and sound keeps every frame's bytes different, so a frame
# can be told from its neighbours by its checksum.
#   make.sh [OUT]        (default: live720p30.flv beside this script)
set -eu
out=${1:-$(dirname "$0")/live720p30.flv}
exec ffmpeg -hide_banner -loglevel error -y \
  -f lavfi -i "testsrc2=size=1280x720:rate=30,noise=alls=12:allf=t" \
  -f lavfi -i "anoisesrc=color=pink:amplitude=0.3:sample_rate=44100" -t 60 \
  -c:v libx264 -preset ultrafast -profile:v main -pix_fmt yuv420p \
  -b:v 2400k -minrate 2400k -maxrate 2400k -bufsize 2400k \
  -g 60 -keyint_min 60 -sc_threshold 0 -bf 0 \
  -c:a aac -b:a 128k -ac 2 -f flv "$out"
