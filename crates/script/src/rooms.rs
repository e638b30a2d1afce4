//! What happens to the rooms that the script watches (`Rooms`).

use std::rc::Rc;

use engine::scripting::RoomNews;

use crate::inputs::hand_over;
use crate::script::AppScript;

impl AppScript {
    pub(crate) fn on_room_news(&mut self, news: &RoomNews) {
        let core = Rc::clone(&self.core);
        let mut refused = false;
        let result = self.run(|ctx, host| {
            let Some(args) = hand_over(&core, ctx, host, &news.args, &mut refused)? else {
                return Ok(());
            };
            Self::entry(host, "roomNews")?.call::<_, ()>((news.event.as_str(), args))
        });
        self.settle(result);
    }
}
