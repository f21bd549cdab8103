//! Makes the pools of all modules, and says for every page what is checked out beside it.

use std::any::TypeId;
use std::sync::Arc;
use std::time::Duration;

use super::companion::CompanionPool;
use super::looks::Looks;
use super::page_pool::PagePool;
use super::served::Entry;
use crate::page::{
    AppModule, AppOf, CacheMode, CreateMode, DataModule, DataOf, Module, PageInfo, PageModule, PageOf, Site,
};
use crate::pool::{Limits, Pool};
use crate::supervisor::{RestartPolicy, Supervisor};
use crate::unit_of_work::RetryPolicy;

/// A module as registered, its type forgotten.
pub(super) struct Registered {
    pub(super) name: &'static str,
    pub(super) type_id: TypeId,
    create: CreateMode,
    cache: CacheMode,
    /// Set for pages.
    pub(super) page: Option<PageInfo>,
    /// Data modules it works with.
    pub(super) uses: Vec<(TypeId, &'static str)>,
    /// Whether it takes part in every request.
    is_app: bool,
    start: fn(&Starting<'_>) -> Pools,
}

/// What is known when a pool is made.
struct Starting<'a> {
    site: &'a Site,
    name: &'static str,
    limits: Limits,
    queue_timeout: Duration,
    cache: CacheMode,
}

/// A module's pool, as companions and, for pages, as pages.
struct Pools {
    companion: Arc<dyn CompanionPool>,
    page: Option<Arc<dyn PagePool>>,
}

/// All modules of a site, ready to be checked out.
pub(super) struct Assembly {
    /// App module, data modules, pages, each in the order they were registered: the order of
    /// every checkout.
    pub(super) modules: Vec<Arc<dyn CompanionPool>>,
    pub(super) pages: Vec<Entry>,
}

impl Registered {
    pub(super) fn app<A: AppModule>() -> Self {
        let start = start_module::<AppOf<A>>;
        Self {
            create: CreateMode::Always,
            is_app: true,
            ..Self::module::<A>("app", CreateMode::Always, A::CACHE, start)
        }
    }

    pub(super) fn data<D: DataModule>() -> Self {
        Self::module::<D>(D::NAME, D::CREATE, D::CACHE, start_module::<DataOf<D>>)
    }

    pub(super) fn page<P: PageModule>() -> Self {
        let module = Self::module::<P>(P::INFO.name(), P::CREATE, P::CACHE, start_page::<P>);
        Self { page: Some(P::INFO), uses: P::uses().types().to_vec(), ..module }
    }

    fn module<M: 'static>(
        name: &'static str,
        create: CreateMode,
        cache: CacheMode,
        start: fn(&Starting<'_>) -> Pools,
    ) -> Self {
        Self { name, type_id: TypeId::of::<M>(), create, cache, page: None, uses: Vec::new(), is_app: false, start }
    }

    /// The modes and limits the settings leave it.
    fn start(&self, site: &Site) -> (Pools, CreateMode) {
        let settings = site.settings();
        let own = settings.page(self.name);
        let create = own.and_then(|own| own.create).unwrap_or(self.create);
        let cache = own.and_then(|own| own.cache).unwrap_or(self.cache);
        if create == CreateMode::Always && cache == CacheMode::Destroy {
            tracing::warn!(module = self.name, "created always and destroyed after every request");
        }
        let mut limits = settings.pool_of(self.name);
        if self.is_app && own.is_none_or(|own| own.max.is_none()) {
            // It takes part in every request: a limit here would be one on the whole site, and the
            // pages have theirs.
            limits.max = 0;
        }
        let pools = (self.start)(&Starting {
            site,
            name: self.name,
            limits: Limits { max: limits.max, queue_max: limits.queue_max },
            queue_timeout: limits.queue_timeout,
            cache,
        });
        (pools, create)
    }
}

/// Makes all pools. The pages come last, in the order of `registered`.
pub(super) fn assemble(site: &Site, registered: &[&Registered]) -> Assembly {
    let first_page = registered.iter().position(|module| module.page.is_some()).unwrap_or(registered.len());
    let mut modules = Vec::with_capacity(registered.len());
    let mut page_pools = Vec::new();
    let mut always = Vec::with_capacity(registered.len());
    for module in registered {
        let (pools, create) = module.start(site);
        modules.push(pools.companion);
        always.push(create == CreateMode::Always);
        page_pools.extend(pools.page);
    }
    let numbered = registered.iter().enumerate().skip(first_page);
    let pages = numbered.zip(page_pools).filter_map(|((own, page), pool)| {
        let info = page.page?;
        let (before, after) = companions(own, page, registered, &always, first_page);
        Some(Entry { info, pool, looks: Looks::default(), retry: retry_of(site, page.name), before, after })
    });
    Assembly { pages: pages.collect(), modules }
}

/// What is checked out before and after a page. The order is one for all requests, so none wait in
/// a circle: pages that are always there as they were registered, then the app module, then data
/// modules.
fn companions(
    own: usize,
    page: &Registered,
    registered: &[&Registered],
    always: &[bool],
    first_page: usize,
) -> (Vec<usize>, Vec<usize>) {
    let is_always = |number: usize| always.get(number).copied().unwrap_or_default();
    let uses = |other: &Registered| page.uses.iter().any(|(used, _)| *used == other.type_id);
    let (modules, pages): (Vec<usize>, Vec<usize>) = registered
        .iter()
        .enumerate()
        .filter(|(number, other)| *number != own && (is_always(*number) || uses(other)))
        .map(|(number, _)| number)
        .partition(|number| *number < first_page);
    let (before, mut after): (Vec<usize>, Vec<usize>) =
        pages.into_iter().partition(|number| is_always(own) && *number < own);
    after.extend(modules);
    (before, after)
}

fn retry_of(site: &Site, page: &str) -> RetryPolicy {
    match site.settings().page(page).and_then(|own| own.retry_delays.as_ref()) {
        Some(delays) => RetryPolicy::new(delays.clone()),
        None => site.parts().retry.clone(),
    }
}

impl Starting<'_> {
    fn supervisor<M: Module>(&self) -> Supervisor<M> {
        let workers = self.site.settings().server.workers;
        let pool = Pool::new(self.name, self.limits, self.queue_timeout, self.cache, workers);
        Supervisor::new(self.site.clone(), pool, RestartPolicy::default())
    }
}

fn start_module<M: Module>(starting: &Starting<'_>) -> Pools {
    Pools { companion: Arc::new(starting.supervisor::<M>()), page: None }
}

fn start_page<P: PageModule>(starting: &Starting<'_>) -> Pools {
    let supervisor = starting.supervisor::<PageOf<P>>();
    Pools { companion: Arc::new(supervisor.clone()), page: Some(Arc::new(supervisor)) }
}
