//! Acknowledgement windows of both directions (RTMP 1.0 §5.4.3 to §5.4.5).

use crate::message::PeerBandwidthLimit;

/// What was counted and promised.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// Bytes received, handshake included: a peer that leaves it out only gets its
    /// acknowledgements earlier.
    pub(super) received: u64,
    /// Bytes handed out to be sent.
    pub(super) sent: u64,
    /// The peer's last acknowledgement.
    pub(super) acknowledged_by_peer: u32,
    /// The peer wants an acknowledgement each time it has sent this many bytes; 0 wants none.
    window: u32,
    /// `received` when we last acknowledged.
    acknowledged: u64,
    /// The window we last announced.
    announced: Option<u32>,
}

impl Flow {
    /// The peer's Window Acknowledgement Size.
    pub(super) const fn set_window(&mut self, bytes: u32) {
        self.window = bytes;
    }

    /// A Window Acknowledgement Size that we send.
    pub(super) const fn announce(&mut self, bytes: u32) {
        self.announced = Some(bytes);
    }

    /// The sequence number of the acknowledgement that is due, if one is.
    pub(super) const fn acknowledge(&mut self) -> Option<u32> {
        let unacknowledged = self.received - self.acknowledged;
        if self.window == 0 || unacknowledged < self.window as u64 {
            return None;
        }
        self.acknowledged = self.received;
        // The sequence number wraps (RTMP 1.0 §5.4.3).
        Some(self.received as u32)
    }

    /// The window to announce in answer to Set Peer Bandwidth: none if it is the one announced
    /// last. A dynamic limit is treated as a hard one, against the letter of RTMP 1.0 §5.4.5:
    /// it is the only kind servers send, and all clients answer it.
    pub(super) fn window_for(&self, bytes: u32, limit: PeerBandwidthLimit) -> Option<u32> {
        let wanted = match limit {
            PeerBandwidthLimit::Hard | PeerBandwidthLimit::Dynamic => bytes,
            PeerBandwidthLimit::Soft => self.announced.map_or(bytes, |ours| ours.min(bytes)),
        };
        (self.announced != Some(wanted)).then_some(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::Flow;
    use crate::message::PeerBandwidthLimit::{Dynamic, Hard, Soft};

    #[test]
    fn an_acknowledgement_is_due_when_the_window_is_used_up() {
        let mut flow = Flow {
            received: 5000,
            ..Flow::default()
        };
        assert_eq!(flow.acknowledge(), None, "no window, no acknowledgement");
        flow.set_window(1000);
        assert_eq!(flow.acknowledge(), Some(5000));
        flow.received = 5999;
        assert_eq!(flow.acknowledge(), None);
        flow.received = 6000;
        assert_eq!(flow.acknowledge(), Some(6000));
        flow.received = (1 << 32) + 7;
        assert_eq!(flow.acknowledge(), Some(7), "the number wraps");
    }

    #[test]
    fn a_window_is_announced_once() {
        let mut flow = Flow::default();
        assert_eq!(flow.window_for(500, Soft), Some(500));
        flow.announce(500);
        assert_eq!(flow.window_for(500, Dynamic), None);
        assert_eq!(flow.window_for(900, Soft), None, "soft never raises");
        assert_eq!(flow.window_for(900, Hard), Some(900));
        assert_eq!(flow.window_for(100, Soft), Some(100));
    }
}
