-- A search asks for words of one kind of record: the kind comes first.
CREATE TABLE search_words_rebuilt (
    kind      BIGINT NOT NULL,
    word      TEXT COLLATE "C" NOT NULL,
    record_id BIGINT NOT NULL,
    PRIMARY KEY (kind, word, record_id)
);
INSERT INTO search_words_rebuilt (kind, word, record_id) SELECT kind, word, record_id FROM search_words;
DROP TABLE search_words;
ALTER TABLE search_words_rebuilt RENAME TO search_words;
CREATE INDEX search_words_of_record ON search_words (kind, record_id, word);

-- With what folding the `search` columns, `sort_name` and the words were written; a program that folds otherwise writes them anew.
CREATE TABLE search_state (
    id           BIGINT PRIMARY KEY CHECK (id = 1),
    fold_version BIGINT NOT NULL
);
