// Commands while a view is open: the live side sees its writes, the view sees none of them.
#include "core/store/view.h"
#include "core/types/str.h"
#include "tests/core/cmd/cmd_fixture.h"

#include <map>

namespace
{

class DispatchView : public Commands
{
  protected:
    void cut()
    {
        gate_close(&shared_.keyspace->gate);
        view_ = view_cut(shared_.keyspace);
        gate_open(&shared_.keyspace->gate);
    }

    // What the view holds: "db:key" and the size of the value, or its bytes if they are inline.
    std::map<std::string, std::string> read()
    {
        std::map<std::string, std::string> out;
        view_visitor visitor{};
        visitor.ctx = &out;
        visitor.entry = [](void *ctx, uint32_t db, const struct entry *e) {
            value v;
            value_payload_read(e->kind, entry_payload(e), entry_payload_size(e), &v);
            buf text{};
            const bytes b = str_bytes(&v, &text);
            const bytes k = entry_key(e);
            (*static_cast<std::map<std::string, std::string> *>(
                ctx))[std::to_string(db) + ":" + std::string(k.data, k.size)] =
                std::string(b.data, b.size);
            buf_release(&text);
            return true;
        };
        EXPECT_TRUE(view_run(view_, &visitor));
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

TEST_F(DispatchView, AVisitorThatStopsAtTheLastEntry)
{
    run("SET k v");
    cut();
    view_visitor visitor{};
    visitor.entry = [](void *, uint32_t, const struct entry *) { return false; };
    EXPECT_FALSE(view_run(view_, &visitor));
    view_close(view_);
}

} // namespace
