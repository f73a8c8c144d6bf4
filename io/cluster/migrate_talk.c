#include "io/cluster/migrate_talk.h"

#include "core/proto/resp_write.h"

static void talk_word(struct buf *out, struct bytes word)
{
    reply_buf_bulk(out, word);
}

static void talk_number(struct buf *out, int64_t n)
{
    char digits[INT64_CHARS];
    talk_word(out, bytes_of(digits, int64_to_chars(n, digits)));
}

uint32_t migrate_write_greeting(struct buf *out, const struct migrate_spec *s,
                                const struct migrate_peer *p)
{
    uint32_t answers = 0;
    if (s->password.data) {
        reply_buf_header(out, '*', s->user.data ? 3 : 2);
        talk_word(out, bytes_cstr("AUTH"));
        if (s->user.data)
            talk_word(out, s->user);
        talk_word(out, s->password);
        answers++;
    }
    if (!bytes_equal(bytes_cstr(p->db), s->db)) {
        reply_buf_header(out, '*', 2);
        talk_word(out, bytes_cstr("SELECT"));
        talk_word(out, s->db);
        answers++;
    }
    return answers;
}

void migrate_write_key(struct buf *out, struct bytes key, int64_t ttl_ms, struct bytes payload,
                       bool replace, bool asking)
{
    reply_buf_header(out, '*', replace ? 5 : 4);
    talk_word(out, bytes_cstr(asking ? "RESTORE-ASKING" : "RESTORE"));
    talk_word(out, key);
    talk_number(out, ttl_ms == 0 ? 1 : ttl_ms < 0 ? 0 : ttl_ms);
    talk_word(out, payload);
    if (replace)
        talk_word(out, bytes_cstr("REPLACE"));
}

static bool talk_failed(struct buf *error, const char *line)
{
    error->size = 0;
    buf_append_cstr(error, line);
    buf_append_char(error, '\0');
    return false;
}

bool migrate_read_answers(struct migrate_peer *p, const struct migrate_spec *s, uint32_t greetings,
                          uint32_t keys, bool *good, struct buf *error)
{
    struct bytes line;
    for (uint32_t i = 0; i < greetings + keys; i++) {
        if (!migrate_peer_read(p, s->timeout_ms, &line)) {
            migrate_peer_close(p);
            return talk_failed(error, "IOERR error or timeout reading from target instance");
        }
        const bool fine = line.size > 0 && line.data[0] != '-';
        if (i >= greetings)
            good[i - greetings] = fine;
        if (fine || error->size > 0)
            continue;
        buf_append_cstr(error, "ERR Target instance replied with error: ");
        buf_append(error, line.data + 1, line.size - 1);
        buf_append_char(error, '\0');
    }
    if (error->size > 0) {
        migrate_peer_close(p); /* AUTH or SELECT may be what was refused */
        return false;
    }
    if (greetings > 0) {
        memcpy(p->db, s->db.data, s->db.size < sizeof p->db ? s->db.size : 0);
        p->db[s->db.size < sizeof p->db ? s->db.size : 0] = '\0';
    }
    return true;
}
