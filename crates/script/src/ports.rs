//! Those who come over XML ports that the script serves (`XMLPort`).

use engine::ClientId;

use crate::script::AppScript;

impl AppScript {
    pub(crate) fn on_port_opened(&mut self, client: ClientId, ip: &str, port: u16) {
        let told = (client.0.to_string(), ip, port);
        let result = self.run(|_, host| Self::entry(host, "portOpened")?.call::<_, ()>(told));
        self.settle(result);
    }

    pub(crate) fn on_port_text(&mut self, client: ClientId, text: String) {
        let told = (client.0.to_string(), text);
        let result = self.run(|_, host| Self::entry(host, "portText")?.call::<_, ()>(told));
        self.settle(result);
    }

    pub(crate) fn on_port_closed(&mut self, client: ClientId) {
        let told = (client.0.to_string(),);
        let result = self.run(|_, host| Self::entry(host, "portClosed")?.call::<_, ()>(told));
        self.settle(result);
    }
}
