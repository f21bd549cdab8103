//! `/clients`: the list, and where new clients are posted to.

use askama::Template;
use serde_json::json;
use toolcrib::prelude::*;

use super::form::{self, ClientForm};
use super::require_edit;
use crate::db::clients::{self, Client, ClientSort, Page, UnknownSort};
use crate::domain::client::ClientInput;
use crate::pages::filters::{self, grouped};
use crate::pages::links::with_query;
use crate::pages::pager::Pager;
use crate::pages::words::sentence;

/// The list of clients.
#[derive(Debug)]
pub struct ClientsPage;

#[derive(Debug, Template)]
#[template(path = "clients/list.html")]
struct ClientList {
    q: String,
    sort: ClientSort,
    clients: Vec<Client>,
    page: Page,
    pager: Pager,
}

/// The head of a column, a link that sorts by it.
struct Column {
    key: &'static str,
    label: &'static str,
    href: String,
    /// For `aria-sort`; nothing where the list has another order.
    order: &'static str,
}

impl PageModule for ClientsPage {
    const INFO: PageInfo =
        PageInfo::new("clients", "/clients").title("Clients").login_required().in_menu().accepts_post();

    async fn create(_: &Site) -> Result<Self, CreateError> {
        Ok(Self)
    }

    fn initialize(&mut self) {}

    async fn show(&mut self, cx: &mut Context<'_>) -> PageResult {
        let q = cx.query_param("q").unwrap_or_default().trim().to_owned();
        let sort: ClientSort = cx
            .query_param("sort")
            .unwrap_or_default()
            .parse()
            .map_err(|error: UnknownSort| PageError::bad_request(sentence(&error.to_string())))?;
        // A page number that is none is the first page: the list clamps the others.
        let number = cx.query_param("page").and_then(|page| page.parse().ok()).unwrap_or(1);
        let (clients, page) = clients::list(cx.read().await?, &q, sort, number).await?;
        let pager = Pager::new(page.number, page.pages, |number| address(&q, sort, number));
        let list = ClientList { q, sort, clients, page, pager };
        if cx.wants_json() { cx.json(&list.as_json()) } else { cx.render(list) }
    }

    async fn action(&mut self, cx: &mut Context<'_>) -> PageResult {
        require_edit(cx)?;
        let input: ClientInput = cx.form()?;
        let client = match input.validate() {
            Ok(client) => client,
            Err(errors) => return form::refuse(cx, ClientForm::creating(input), errors),
        };
        match clients::insert(cx.tx().await?, &client, now_micros()).await {
            Ok(id) => form::saved(cx, id, &format!("{} has been added.", client.name())),
            Err(error) => {
                let errors = error.into_field_errors()?;
                form::refuse(cx, ClientForm::creating(input), errors)
            }
        }
    }
}

/// The address of a page of the list; what is the default is left out.
fn address(q: &str, sort: ClientSort, number: i64) -> String {
    let sort = if sort == ClientSort::default() { "" } else { sort.as_str() };
    let number = if number == 1 { String::new() } else { number.to_string() };
    with_query("/clients", &[("q", q), ("sort", sort), ("page", &number)])
}

impl ClientList {
    fn count_line(&self) -> String {
        match (self.page.total, self.q.is_empty()) {
            (1, true) => "1 client".to_owned(),
            (1, false) => "1 client found".to_owned(),
            (total, true) => format!("{} clients", grouped(total)),
            (total, false) => format!("{} clients found", grouped(total)),
        }
    }

    fn columns(&self) -> [Column; 5] {
        ClientSort::ALL.map(|sort| Column {
            key: sort.as_str(),
            label: match sort {
                ClientSort::Name => "Name",
                ClientSort::Account => "Account",
                ClientSort::Industry => "Industry",
                ClientSort::City => "City",
                ClientSort::Updated => "Changed",
            },
            href: address(&self.q, sort, 1),
            order: match (sort == self.sort, sort) {
                (false, _) => "",
                (true, ClientSort::Updated) => "descending",
                (true, _) => "ascending",
            },
        })
    }

    fn as_json(&self) -> serde_json::Value {
        let clients = self.clients.iter().map(|client| {
            json!({
                "id": client.id,
                "account": client.account,
                "name": client.name,
                "industry": client.industry,
                "city": client.city,
            })
        });
        json!({
            "clients": clients.collect::<Vec<_>>(),
            "page": self.page.number,
            "pages": self.page.pages,
            "total": self.page.total,
        })
    }
}
