// Commands while a view is open: the live side sees its writes, the view sees none of them.
#include "core/store/view.h"
#include "core/types/str.h"
#include "core/types/stream.h"
#include "tests/core/cmd/cmd_fixture.h"

#include <map>

namespace
{

class DispatchView : public Commands
{
  protected:
    void cut()
    {
        gate_close(&engine_.fixed.keyspace->gate);
        view_ = view_cut(engine_.fixed.keyspace);
        gate_open(&engine_.fixed.keyspace->gate);
    }

    // The entries' IDs of a stream, or the bytes of a string.
    static std::string text_of(const value &v)
    {
        std::string out;
        buf text{};
        if (v.type == TYPE_STREAM) {
            stream_iter it;
            stream_iter_begin(&it, &v, stream_id_of(0, 0), stream_id_max(), false);
            while (stream_iter_next(&it))
                out += std::to_string(it.id.ms) + " ";
        } else {
            const bytes b = str_bytes(&v, &text);
            out.assign(b.data, b.size);
        }
        buf_release(&text);
        return out;
    }

    // What the view holds: "db:key" and the value.
    std::map<std::string, std::string> read()
    {
        std::map<std::string, std::string> out;
        uint32_t db;
        while (const entry *e = view_next(view_, &db)) {
            value v;
            value_of_entry(e, &v);
            const bytes k = entry_key(e);
            out[std::to_string(db) + ":" + std::string(k.data, k.size)] = text_of(v);
        }
        EXPECT_TRUE(view_is_whole(view_));
        view_close(view_);
        return out;
    }

    view *view_ = nullptr;
};

TEST_F(DispatchView, FirstWriteToAShardAfterTheCut)
{
    for (int i = 0; i < 500; i++)
        run("SET k" + std::to_string(i) + " old");
    cut();
    for (int i = 0; i < 500; i += 2)
        EXPECT_EQ(run("SET k" + std::to_string(i) + " newer"), "+OK");
    for (int i = 0; i < 500; i += 5)
        EXPECT_EQ(run("DEL k" + std::to_string(i)), ":1");
    for (int i = 0; i < 500; i++)
        EXPECT_EQ(run("GET k" + std::to_string(i)), i % 5 == 0   ? "$-1"
                                                    : i % 2 == 0 ? "$5 newer"
                                                                 : "$3 old");
    const auto seen = read();
    EXPECT_EQ(seen.size(), 500u);
    for (const auto &[key, value] : seen)
        EXPECT_EQ(value, "old") << key;
    EXPECT_EQ(run("DBSIZE"), ":400");
}

TEST_F(DispatchView, ExpiryIsTheFirstWriteAfterTheCut)
{
    for (int i = 0; i < 500; i++)
        run("SET k" + std::to_string(i) + " old PX 100");
    cut();
    clock_fake_unix_ms(NOW + 200);
    for (int round = 0; round < 200; round++) {
        int64_t next;
        dispatch_enter(dispatcher_);
        dispatch_expire(dispatcher_, 0, 1, 1000000, &next);
        dispatch_leave(dispatcher_);
    }
    EXPECT_EQ(run("DBSIZE"), ":0");
    EXPECT_EQ(read().size(), 500u);
    while (!effects().empty()) {
    }
}

// The renamed value's nodes are still the view's under its old name, whatever becomes of the new.
TEST_F(DispatchView, FlushBehindARename)
{
    const std::string big(600000, 'x');
    for (int i = 0; i < 64; i++)
        call({"SET", "k" + std::to_string(i), big});
    cut();
    for (int i = 0; i < 64; i++)
        EXPECT_EQ(run("RENAME k" + std::to_string(i) + " other" + std::to_string(i)), "+OK");
    EXPECT_EQ(run("FLUSHALL"), "+OK");
    const auto seen = read();
    EXPECT_EQ(seen.size(), 64u);
    for (const auto &[key, value] : seen)
        EXPECT_TRUE(value == big) << key;
}

// Most of a stream goes at once, which the view may still see, or not any more, or has elsewhere.
TEST_F(DispatchView, TrimmedStreams)
{
    config_.limits.types.stream_node_max_entries = 2;
    std::string whole;
    for (int i = 1; i <= 400; i++) {
        whole += std::to_string(i) + " ";
        for (const char *key : {"trimmed", "cut", "renamed", "before", "deleted"})
            run(std::string("XADD ") + key + " " + std::to_string(i) + " f v");
        while (!effects().empty()) {
        }
    }
    EXPECT_EQ(run("XTRIM before MAXLEN 1"), ":399");
    cut();
    EXPECT_EQ(run("XTRIM trimmed MAXLEN 0"), ":400");
    EXPECT_EQ(run("XADD trimmed 500 f v"), "$5 500-0");
    EXPECT_EQ(run("XTRIM cut MINID 300"), ":299");
    EXPECT_EQ(run("XTRIM cut MINID 399"), ":99");
    EXPECT_EQ(run("RENAME renamed other"), "+OK");
    EXPECT_EQ(run("XTRIM other MAXLEN 100"), ":300");
    EXPECT_EQ(run("XTRIM deleted MAXLEN 10"), ":390");
    EXPECT_EQ(run("DEL deleted"), ":1");
    EXPECT_EQ(run("XLEN cut"), ":2");
    const auto seen = read();
    EXPECT_EQ(seen.at("0:before"), "400 ");
    for (const char *key : {"0:trimmed", "0:cut", "0:renamed", "0:deleted"})
        EXPECT_EQ(seen.at(key), whole) << key;
    EXPECT_EQ(run("XTRIM other MAXLEN 1"), ":99");
    EXPECT_EQ(run("XRANGE other - +"), "*1 *2 $5 400-0 *2 $1 f $1 v");
}

TEST_F(DispatchView, AReaderThatStopsAtTheLastEntry)
{
    run("SET k v");
    cut();
    uint32_t db;
    EXPECT_NE(view_next(view_, &db), nullptr);
    EXPECT_FALSE(view_is_whole(view_));
    view_close(view_);
}

} // namespace
