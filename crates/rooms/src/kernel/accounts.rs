//! Accounts: names that passwords belong to. They are made from outside.

use std::sync::Arc;

use super::Kernel;
use crate::name::{is_plain, key};
use crate::op::Actor;
use crate::refusal::Refusal;
use crate::store::{Account, Change};

impl Kernel {
    pub(super) fn put_account(&mut self, by: Actor, account: Account) -> Result<(), Refusal> {
        by.need_server()?;
        if !is_plain(&account.name) {
            return Err(Refusal::NameCharacters);
        }
        self.accounts.insert(key(&account.name), account.clone());
        self.persist(Change::PutAccount(account));
        Ok(())
    }

    pub(super) fn configure_accounts(&mut self, given: Vec<Account>, taken: &[Arc<str>]) {
        for name in taken {
            self.accounts.remove(&key(name));
        }
        for account in given {
            self.accounts.insert(key(&account.name), account);
        }
    }

    /// Who is logged in with it stays so.
    pub(super) fn remove_account(&mut self, by: Actor, name: &str) -> Result<(), Refusal> {
        by.need_server()?;
        let name = key(name);
        self.accounts.remove(&name).ok_or(Refusal::NoSuchAccount)?;
        self.persist(Change::RemoveAccount { name });
        Ok(())
    }
}
