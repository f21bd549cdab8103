-- Lists, counts and sums that look at every row read an index with all they ask of a row, not the rows themselves.
-- Searched texts are left out: they may be longer than what fits into an index here.
DROP INDEX clients_by_name;
CREATE INDEX clients_by_name ON clients (sort_name, id, merged_into, private, owner_id);
DROP INDEX clients_by_industry;
CREATE INDEX clients_by_industry ON clients (industry, id, merged_into, private, owner_id);
DROP INDEX clients_by_city;
CREATE INDEX clients_by_city ON clients (city, id, merged_into, private, owner_id);
DROP INDEX clients_by_change;
CREATE INDEX clients_by_change ON clients (updated_at, id, merged_into, private, owner_id);
DROP INDEX persons_by_name;
CREATE INDEX persons_by_name ON persons (sort_name, id, client_id);
CREATE INDEX deals_to_sum ON deals (stage_id, currency, closed_at, expected_at, amount_minor, client_id, owner_id);
-- Who removes a person looks for the deals made with it.
CREATE INDEX deals_of_person ON deals (person_id) WHERE person_id IS NOT NULL;
