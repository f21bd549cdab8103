//! What each unit of work holds and waits for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::locks::{LockName, Owner, Scope};

#[derive(Debug, Default)]
struct Account {
    /// By number: in the order in which they were taken.
    held: BTreeMap<u64, LockName>,
    /// Those of them that are on a scope; the last is the widest.
    scopes: BTreeSet<(Scope, u64)>,
    awaits: Option<(u64, LockName)>,
}

/// Has an account for everyone who holds something or waits, and for nobody else.
#[derive(Debug, Default)]
pub(super) struct Owners {
    accounts: HashMap<Owner, Account>,
}

impl Owners {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.accounts.len()
    }

    pub(super) fn holds(&mut self, owner: Owner, number: u64, name: LockName) {
        let account = self.accounts.entry(owner).or_default();
        account.scopes.extend(name.rank().map(|scope| (scope, number)));
        account.held.insert(number, name);
    }

    pub(super) fn holds_no_more(&mut self, owner: Owner, number: u64, name: &LockName) {
        self.change(owner, |account| {
            account.held.remove(&number);
            if let Some(scope) = name.rank() {
                account.scopes.remove(&(scope, number));
            }
        });
    }

    pub(super) fn waits(&mut self, owner: Owner, number: u64, name: LockName) {
        self.accounts.entry(owner).or_default().awaits = Some((number, name));
    }

    pub(super) fn waits_no_more(&mut self, owner: Owner) {
        self.change(owner, |account| account.awaits = None);
    }

    /// What the owner waits for, with the number of its ticket.
    pub(super) fn awaited(&self, owner: Owner) -> Option<(u64, LockName)> {
        self.accounts.get(&owner)?.awaits.clone()
    }

    pub(super) fn held(&self, owner: Owner) -> Option<&BTreeMap<u64, LockName>> {
        self.accounts.get(&owner).map(|account| &account.held)
    }

    /// What the owner took last of all that it holds.
    pub(super) fn last_held(&self, owner: Owner) -> Option<LockName> {
        self.held(owner)?.last_key_value().map(|(_, name)| name.clone())
    }

    pub(super) fn widest_scope(&self, owner: Owner) -> Option<(Scope, &LockName)> {
        let account = self.accounts.get(&owner)?;
        let (scope, number) = account.scopes.last()?;
        Some((*scope, account.held.get(number)?))
    }

    fn change(&mut self, owner: Owner, change: impl FnOnce(&mut Account)) {
        if let Some(account) = self.accounts.get_mut(&owner) {
            change(account);
            if account.held.is_empty() && account.awaits.is_none() {
                self.accounts.remove(&owner);
            }
        }
    }
}
