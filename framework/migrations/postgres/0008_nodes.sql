-- Several nodes on one database: who lives, what changed, who holds or waits for what. All of it is UNLOGGED, which costs no
-- write to disk: after a crash of the server it is empty, every node finds itself gone, joins anew and reads everything
-- again. Nothing of it is needed to know what was committed. Numbers are never given twice, a crash included.
CREATE SEQUENCE toolcrib_node_numbers;
CREATE SEQUENCE toolcrib_ticket_numbers;

-- A node lives while its row is there. `alive_until` is a time of the server's own clock. `mark` is how the node's
-- connections call themselves.
CREATE UNLOGGED TABLE toolcrib_nodes (
    number BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    mark TEXT NOT NULL,
    started BOOLEAN NOT NULL,
    joined_at BIGINT NOT NULL,
    alive_until BIGINT NOT NULL
);

-- What a node tells the others, in the transaction it is about. `xact` says which snapshots have seen it.
CREATE UNLOGGED TABLE toolcrib_changes (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xact XID8 NOT NULL DEFAULT pg_current_xact_id(),
    at BIGINT NOT NULL,
    node BIGINT NOT NULL,
    kind TEXT NOT NULL,
    -- The number of the node's own transaction, where it is about one.
    tx BIGINT NOT NULL DEFAULT 0,
    subject TEXT NOT NULL,
    detail TEXT
)
-- It grows and is emptied all the time: a look that was planned while it was empty reads all of it until it is analyzed.
WITH (
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 500,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000
);
CREATE INDEX toolcrib_changes_xact ON toolcrib_changes (xact);
CREATE INDEX toolcrib_changes_at ON toolcrib_changes (at);

-- A place in the line for a lock over all nodes; whoever nobody stands before holds it. A ticket goes with its node, so
-- a commit that names a ticket which is gone is refused. `guards`: commits of application variables ask for it.
CREATE UNLOGGED TABLE toolcrib_tickets (
    ticket BIGINT PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    node BIGINT NOT NULL,
    owner TEXT NOT NULL,
    shared BOOLEAN NOT NULL,
    guards BOOLEAN NOT NULL,
    holder TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX toolcrib_tickets_name ON toolcrib_tickets (name, ticket);
CREATE INDEX toolcrib_tickets_node ON toolcrib_tickets (node);

CREATE FUNCTION toolcrib_now() RETURNS BIGINT LANGUAGE SQL VOLATILE AS $$
    SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT
$$;

-- Advisory locks, each until the end of a transaction. Commits of application variables share (7466, 1): who takes a
-- lock that guards them has it alone and so waits for those under way. (7467, node) is shared by a node's commits:
-- who declares it dead has it alone. (7468, hash of a name) orders those who line up.
CREATE FUNCTION toolcrib_join(node_name TEXT, node_mark TEXT, is_started BOOLEAN, lease BIGINT) RETURNS BIGINT
LANGUAGE plpgsql AS $$
DECLARE
    n BIGINT := nextval('toolcrib_node_numbers');
BEGIN
    INSERT INTO toolcrib_nodes (number, name, mark, started, joined_at, alive_until)
    VALUES (n, node_name, node_mark, is_started, toolcrib_now(), toolcrib_now() + lease);
    RETURN n;
END $$;

-- Whether a node is connected at all: one that was killed is not, long before its lease has ended.
CREATE FUNCTION toolcrib_is_connected(node_mark TEXT) RETURNS BOOLEAN LANGUAGE SQL VOLATILE AS $$
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = node_mark)
$$;

-- Takes a node out, with its tickets; false while a commit of its own is under way.
CREATE FUNCTION toolcrib_leave(node_number BIGINT) RETURNS BOOLEAN LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(7467, (node_number % 2147483647)::INT) THEN
        RETURN FALSE;
    END IF;
    DELETE FROM toolcrib_nodes WHERE number = node_number;
    DELETE FROM toolcrib_tickets WHERE node = node_number;
    INSERT INTO toolcrib_changes (at, node, kind, subject)
    VALUES (toolcrib_now(), node_number, 'gone', node_number::TEXT);
    PERFORM pg_notify('toolcrib', '');
    RETURN TRUE;
END $$;

-- Says that a node lives; false where it was declared dead. Declares dead whoever has not said so for a lease, or, having
-- no connection any more, for two fifths of one. Connections are cut first, so that what was left in the middle of a
-- transaction is undone.
CREATE FUNCTION toolcrib_beat(node_number BIGINT, lease BIGINT) RETURNS BOOLEAN LANGUAGE plpgsql AS $$
DECLARE
    late RECORD;
BEGIN
    UPDATE toolcrib_nodes SET alive_until = toolcrib_now() + lease WHERE number = node_number;
    IF NOT FOUND THEN
        RETURN FALSE;
    END IF;
    FOR late IN
        SELECT number, mark FROM toolcrib_nodes
        WHERE number <> node_number AND (
            alive_until < toolcrib_now()
            OR alive_until < toolcrib_now() + lease * 3 / 5 AND NOT toolcrib_is_connected(mark)
        )
        FOR UPDATE SKIP LOCKED
    LOOP
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = late.mark;
        PERFORM toolcrib_leave(late.number);
    END LOOP;
    DELETE FROM toolcrib_changes WHERE at < toolcrib_now() - GREATEST(60000000, 4 * lease);
    RETURN TRUE;
END $$;

-- Who stands before a ticket, the first one first: nobody where it is held. A ticket that is gone has the row NULL.
CREATE FUNCTION toolcrib_before(asked BIGINT) RETURNS TEXT LANGUAGE plpgsql STABLE AS $$
DECLARE
    mine RECORD;
    other TEXT;
BEGIN
    SELECT * INTO mine FROM toolcrib_tickets WHERE ticket = asked;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT o.holder INTO other FROM toolcrib_tickets o
    WHERE o.name = mine.name AND o.ticket < asked AND NOT (o.shared AND mine.shared)
    ORDER BY o.ticket LIMIT 1;
    RETURN COALESCE(other, '');
END $$;

-- Lines up for a lock. Answers the ticket and, after a blank, who stands before it; nothing where the node is gone.
CREATE FUNCTION toolcrib_line_up(
    node_number BIGINT, lock_name TEXT, lock_owner TEXT, is_shared BOOLEAN, does_guard BOOLEAN, who TEXT
) RETURNS TEXT LANGUAGE plpgsql AS $$
DECLARE
    number_of_it BIGINT;
BEGIN
    IF does_guard THEN
        PERFORM pg_advisory_xact_lock(7466, 1);
    ELSE
        PERFORM pg_advisory_xact_lock(7468, hashtext(lock_name));
    END IF;
    PERFORM FROM toolcrib_nodes WHERE number = node_number;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    number_of_it := nextval('toolcrib_ticket_numbers');
    INSERT INTO toolcrib_tickets (ticket, name, node, owner, shared, guards, holder, at)
    VALUES (number_of_it, lock_name, node_number, lock_owner, is_shared, does_guard, who, toolcrib_now());
    RETURN number_of_it || ' ' || toolcrib_before(number_of_it);
END $$;

-- Gives tickets back, and hints at it where somebody may wait for that.
CREATE FUNCTION toolcrib_give_back(mine TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
    freed TEXT[];
    guarded BOOLEAN;
BEGIN
    WITH gone AS (DELETE FROM toolcrib_tickets WHERE ticket = ANY (mine::BIGINT[]) RETURNING name, guards)
    SELECT array_agg(name), bool_or(guards) INTO freed, guarded FROM gone;
    IF guarded OR EXISTS (SELECT FROM toolcrib_tickets WHERE name = ANY (freed)) THEN
        PERFORM pg_notify('toolcrib', '');
    END IF;
END $$;

-- Whether whoever waits with this ticket waits, through others, for what it holds itself.
CREATE FUNCTION toolcrib_is_circle(asked BIGINT) RETURNS BOOLEAN LANGUAGE SQL STABLE AS $$
    WITH RECURSIVE waits AS (
        SELECT w.owner AS waiter, h.owner AS holder
        FROM toolcrib_tickets w
        JOIN toolcrib_tickets h ON h.name = w.name AND h.ticket < w.ticket AND NOT (h.shared AND w.shared)
    ), reached AS (
        SELECT waits.holder FROM waits JOIN toolcrib_tickets t ON t.owner = waits.waiter WHERE t.ticket = asked
        UNION
        SELECT waits.holder FROM waits JOIN reached ON waits.waiter = reached.holder
    )
    SELECT EXISTS (SELECT FROM reached JOIN toolcrib_tickets t ON t.owner = reached.holder WHERE t.ticket = asked)
$$;

-- Asked by a transaction before it writes application variables, or before its COMMIT where it holds tickets. Answers
-- 'ok', 'gone' (the node was declared dead), 'lost' (one of its tickets is), or as JSON which lock is in the way and who holds it.
-- From then to its end nobody takes a lock that guards variables, and the node is not declared dead.
CREATE FUNCTION toolcrib_admit(node_number BIGINT, tx_number BIGINT, variables TEXT, mine TEXT) RETURNS TEXT
LANGUAGE plpgsql AS $$
DECLARE
    held BIGINT[] := mine::BIGINT[];
    names TEXT[] := ARRAY(SELECT jsonb_array_elements_text(variables::JSONB));
    other RECORD;
BEGIN
    IF cardinality(names) > 0 THEN
        PERFORM pg_advisory_xact_lock_shared(7466, 1);
    END IF;
    PERFORM pg_advisory_xact_lock_shared(7467, (node_number % 2147483647)::INT);
    PERFORM FROM toolcrib_nodes WHERE number = node_number;
    IF NOT FOUND THEN
        RETURN 'gone';
    END IF;
    IF (SELECT COUNT(*) FROM toolcrib_tickets WHERE ticket = ANY (held)) < cardinality(held) THEN
        RETURN 'lost';
    END IF;
    IF cardinality(names) = 0 THEN
        RETURN 'ok';
    END IF;
    SELECT t.name, t.holder INTO other FROM toolcrib_tickets t
    WHERE t.guards AND NOT t.shared AND t.name = ANY (ARRAY['application'] || ARRAY(SELECT 'variable/' || v FROM unnest(names) v))
        AND NOT (t.ticket = ANY (held))
        AND NOT EXISTS (SELECT FROM toolcrib_tickets o WHERE o.name = t.name AND o.ticket < t.ticket)
    ORDER BY t.name LIMIT 1;
    IF FOUND THEN
        RETURN jsonb_build_array(other.name, other.holder)::TEXT;
    END IF;
    INSERT INTO toolcrib_changes (at, node, kind, tx, subject)
    VALUES (toolcrib_now(), node_number, 'variables', tx_number, variables);
    RETURN 'ok';
END $$;

-- Tells the others something, in one order for all: whoever reads sees them in the order of their numbers.
CREATE FUNCTION toolcrib_tell(node_number BIGINT, messages TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7466, 2);
    INSERT INTO toolcrib_changes (at, node, kind, subject, detail)
    SELECT toolcrib_now(), node_number, m ->> 'kind', m ->> 'subject', m ->> 'detail'
    FROM jsonb_array_elements(messages::JSONB) WITH ORDINALITY AS e (m, place) ORDER BY place;
    PERFORM pg_notify('toolcrib', '');
END $$;
