//! Boxes inside boxes: lengths are filled in when their contents are there.

/// Bytes that are written.
#[derive(Default)]
pub(crate) struct Boxes(Vec<u8>);

impl Boxes {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Writes a box with what `contents` writes in it.
    pub(crate) fn make(&mut self, name: [u8; 4], contents: impl FnOnce(&mut Self)) {
        self.measured(|out| {
            out.bytes(&name);
            contents(out);
        });
    }

    /// Writes a box that has a version and flags.
    pub(crate) fn make_full(
        &mut self,
        name: [u8; 4],
        (version, flags): (u8, u32),
        contents: impl FnOnce(&mut Self),
    ) {
        self.make(name, |out| {
            out.u32(u32::from(version) << 24 | flags);
            contents(out);
        });
    }

    fn measured(&mut self, contents: impl FnOnce(&mut Self)) {
        let start = self.0.len();
        self.u32(0);
        contents(self);
        let length = (self.0.len() - start) as u32;
        if let Some(place) = self.0.get_mut(start..start + 4) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }

    /// Writes a descriptor of MPEG-4 systems (ISO/IEC 14496-1 §8.3.3): lengths have four bytes of
    /// seven bits.
    pub(crate) fn descriptor(&mut self, tag: u8, contents: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        contents(&mut inner);
        let length = inner.0.len() as u32;
        self.u8(tag);
        for shift in [21, 14, 7] {
            self.u8((length >> shift & 0x7f) as u8 | 0x80);
        }
        self.u8((length & 0x7f) as u8);
        self.bytes(&inner.0);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn zeros(&mut self, count: usize) {
        self.0.resize(self.0.len() + count, 0);
    }

    pub(crate) fn u8(&mut self, number: u8) {
        self.0.push(number);
    }

    pub(crate) fn u16(&mut self, number: u16) {
        self.bytes(&number.to_be_bytes());
    }

    pub(crate) fn u32(&mut self, number: u32) {
        self.bytes(&number.to_be_bytes());
    }

    pub(crate) fn u64(&mut self, number: u64) {
        self.bytes(&number.to_be_bytes());
    }

    /// Pictures are shown as they are.
    pub(crate) fn matrix(&mut self) {
        for number in [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000] {
            self.u32(number);
        }
    }
}
