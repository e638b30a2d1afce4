//! The tables of one track: when its samples are, how long, and where.

use crate::boxes::Boxes;
use crate::{Error, Format, Sample, TIMESCALE};

/// Samples in a row with the same number.
#[derive(Debug, Clone, Copy)]
struct Run<T> {
    count: u32,
    value: T,
}

/// Samples of one format that lie behind each other.
#[derive(Debug, Clone, Copy)]
struct Chunk {
    position: u64,
    samples: u32,
    /// From 1.
    format: u32,
}

/// One track.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    formats: Vec<Format>,
    sizes: Vec<u32>,
    durations: Vec<Run<u32>>,
    compositions: Vec<Run<i32>>,
    /// Numbers of the samples that need no other, from 1.
    keys: Vec<u32>,
    chunks: Vec<Chunk>,
    start_ms: u64,
    last_ms: u64,
}

impl Table {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            formats: vec![format],
            sizes: Vec::new(),
            durations: Vec::new(),
            compositions: Vec::new(),
            keys: Vec::new(),
            chunks: Vec::new(),
            start_ms: 0,
            last_ms: 0,
        }
    }

    /// Whether that is another format than before.
    pub(crate) fn change_format(&mut self, format: Format) -> bool {
        if self.formats.last() == Some(&format) {
            return false;
        }
        if self.sizes.is_empty() {
            self.formats.clear();
        }
        self.formats.push(format);
        true
    }

    pub(crate) fn add(
        &mut self,
        sample: Sample,
        position: u64,
        goes_on: bool,
    ) -> Result<(), Error> {
        let size = u32::try_from(sample.bytes).map_err(|_| Error::TooLong(sample.bytes))?;
        let number = u32::try_from(self.sizes.len() + 1).map_err(|_| Error::TooMany)?;
        let format = u32::try_from(self.formats.len()).map_err(|_| Error::TooMany)?;
        self.set_time(sample.time_ms);
        self.sizes.push(size);
        add_to_runs(&mut self.compositions, sample.composition_ms);
        if sample.is_key {
            self.keys.push(number);
        }
        match self.chunks.last_mut() {
            Some(chunk) if goes_on => chunk.samples += 1,
            _ => self.chunks.push(Chunk {
                position,
                samples: 1,
                format,
            }),
        }
        Ok(())
    }

    /// The sample before lasts until this time. Time does not go back.
    fn set_time(&mut self, time_ms: u64) {
        if self.sizes.is_empty() {
            self.start_ms = time_ms;
        } else {
            let lasted = time_ms.saturating_sub(self.last_ms);
            add_to_runs(
                &mut self.durations,
                u32::try_from(lasted).unwrap_or(u32::MAX),
            );
        }
        self.last_ms = self.last_ms.max(time_ms);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// The last sample is taken to last as long as the one before.
    fn last_duration(&self) -> u32 {
        self.durations.last().map_or(0, |run| run.value)
    }

    /// When the last sample ends.
    pub(crate) fn end_ms(&self) -> u64 {
        self.last_ms + u64::from(self.last_duration())
    }

    fn is_video(&self) -> bool {
        matches!(self.formats.last(), Some(Format::Video(_)))
    }

    pub(crate) fn write(&self, out: &mut Boxes, id: u32) {
        out.make(*b"trak", |out| {
            self.write_header(out, id);
            self.write_edits(out);
            out.make(*b"mdia", |out| {
                self.write_media_header(out);
                self.write_handler(out);
                out.make(*b"minf", |out| self.write_information(out));
            });
        });
    }

    fn write_header(&self, out: &mut Boxes, id: u32) {
        // Enabled, and part of the presentation.
        out.make_full(*b"tkhd", (1, 3), |out| {
            out.zeros(16);
            out.u32(id);
            out.zeros(4);
            out.u64(self.end_ms());
            out.zeros(12);
            out.u16(if self.is_video() { 0 } else { 0x0100 });
            out.zeros(2);
            out.matrix();
            let (width, height) = match self.formats.last() {
                Some(Format::Video(picture)) => (picture.width, picture.height),
                _ => (0, 0),
            };
            out.u32(u32::from(width) << 16);
            out.u32(u32::from(height) << 16);
        });
    }

    /// A track that starts later than the file starts with nothing.
    fn write_edits(&self, out: &mut Boxes) {
        if self.start_ms == 0 {
            return;
        }
        out.make(*b"edts", |out| {
            out.make_full(*b"elst", (1, 0), |out| {
                out.u32(2);
                for (duration_ms, media_time) in [
                    (self.start_ms, u64::MAX),
                    (self.end_ms() - self.start_ms, 0),
                ] {
                    out.u64(duration_ms);
                    out.u64(media_time);
                    out.u32(0x0001_0000);
                }
            });
        });
    }

    fn write_media_header(&self, out: &mut Boxes) {
        out.make_full(*b"mdhd", (1, 0), |out| {
            out.zeros(16);
            out.u32(TIMESCALE);
            out.u64(self.end_ms() - self.start_ms);
            // An undetermined language.
            out.u16(0x55c4);
            out.zeros(2);
        });
    }

    fn write_handler(&self, out: &mut Boxes) {
        out.make_full(*b"hdlr", (0, 0), |out| {
            out.zeros(4);
            out.bytes(if self.is_video() { b"vide" } else { b"soun" });
            out.zeros(13);
        });
    }

    fn write_information(&self, out: &mut Boxes) {
        if self.is_video() {
            out.make_full(*b"vmhd", (0, 1), |out| out.zeros(8));
        } else {
            out.make_full(*b"smhd", (0, 0), |out| out.zeros(4));
        }
        // The samples are in this file.
        out.make(*b"dinf", |out| {
            out.make_full(*b"dref", (0, 0), |out| {
                out.u32(1);
                out.make_full(*b"url ", (0, 1), |_| {});
            });
        });
        out.make(*b"stbl", |out| self.write_samples(out));
    }

    fn write_samples(&self, out: &mut Boxes) {
        out.make_full(*b"stsd", (0, 0), |out| {
            out.u32(self.formats.len() as u32);
            for format in &self.formats {
                format.write(out);
            }
        });
        self.write_times(out);
        if self.is_video() && self.keys.len() < self.sizes.len() {
            write_list(out, *b"stss", &self.keys, |out, number| out.u32(*number));
        }
        self.write_chunks(out);
        out.make_full(*b"stsz", (0, 0), |out| {
            out.u32(0);
            out.u32(self.sizes.len() as u32);
            for size in &self.sizes {
                out.u32(*size);
            }
        });
        write_list(out, *b"co64", &self.chunks, |out, chunk| {
            out.u64(chunk.position);
        });
    }

    fn write_times(&self, out: &mut Boxes) {
        let mut durations = self.durations.clone();
        add_to_runs(&mut durations, self.last_duration());
        write_list(out, *b"stts", &durations, |out, run| {
            out.u32(run.count);
            out.u32(run.value);
        });
        if self.compositions.iter().all(|run| run.value == 0) {
            return;
        }
        // Version 1 has signs.
        out.make_full(*b"ctts", (1, 0), |out| {
            out.u32(self.compositions.len() as u32);
            for run in &self.compositions {
                out.u32(run.count);
                out.u32(run.value.cast_unsigned());
            }
        });
    }

    /// Chunks in a row with as many samples of one format are told once.
    fn write_chunks(&self, out: &mut Boxes) {
        let mut told: Vec<(u32, Chunk)> = Vec::new();
        for (number, chunk) in (1..).zip(&self.chunks) {
            let as_before = told.last().is_some_and(|(_, last)| {
                (last.samples, last.format) == (chunk.samples, chunk.format)
            });
            if !as_before {
                told.push((number, *chunk));
            }
        }
        write_list(out, *b"stsc", &told, |out, (number, chunk)| {
            out.u32(*number);
            out.u32(chunk.samples);
            out.u32(chunk.format);
        });
    }
}

fn write_list<T>(out: &mut Boxes, name: [u8; 4], list: &[T], write: impl Fn(&mut Boxes, &T)) {
    out.make_full(name, (0, 0), |out| {
        out.u32(list.len() as u32);
        for item in list {
            write(out, item);
        }
    });
}

fn add_to_runs<T: PartialEq>(runs: &mut Vec<Run<T>>, value: T) {
    match runs.last_mut() {
        Some(run) if run.value == value => run.count += 1,
        _ => runs.push(Run { count: 1, value }),
    }
}
