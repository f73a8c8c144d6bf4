// The log of refusals: what counts as the same, how many are kept.
#include "core/cmd/client/acl_log.h"

#include <gtest/gtest.h>

#include <string>

namespace
{

class AclLog : public ::testing::Test
{
  protected:
    ~AclLog() override
    {
        acl_log_free(log);
    }

    void add(const char *object, int64_t now_ms, acl_denial reason = ACL_DENIED_KEY,
             const char *user = "bob", acl_context context = ACL_TOPLEVEL)
    {
        acl_log_entry e{};
        e.reason = reason;
        e.context = context;
        e.object = bytes_cstr(object);
        e.user = bytes_cstr(user);
        e.client = bytes_cstr("id=1");
        acl_log_add(log, &e, now_ms);
    }

    std::string shown(uint64_t max = 100)
    {
        std::string out;
        acl_log_each(
            log, max,
            [](void *ctx, const acl_log_entry *e) {
                *static_cast<std::string *>(ctx) +=
                    std::string(e->object.data, e->object.size) + "#" + std::to_string(e->id) +
                    "x" + std::to_string(e->count) + "@" + std::to_string(e->created_ms) + "-" +
                    std::to_string(e->updated_ms) + " ";
            },
            &out);
        return out;
    }

    acl_log *log = acl_log_new();
};

TEST_F(AclLog, NewestFirst)
{
    add("a", 1);
    add("b", 2);
    EXPECT_EQ(shown(), "b#1x1@2-2 a#0x1@1-1 ");
    EXPECT_EQ(shown(1), "b#1x1@2-2 ");
    EXPECT_EQ(shown(0), "");
    acl_log_reset(log);
    EXPECT_EQ(shown(), "");
    add("a", 3);
    EXPECT_EQ(shown(), "a#2x1@3-3 ");
}

TEST_F(AclLog, TheSameCountsUpAndComesToTheFront)
{
    add("a", 1);
    add("b", 2);
    add("a", 60001);
    EXPECT_EQ(shown(), "a#0x2@1-60001 b#1x1@2-2 ");
    add("a", 120002); // more than a minute after the last time
    EXPECT_EQ(shown(), "a#2x1@120002-120002 a#0x2@1-60001 b#1x1@2-2 ");
}

TEST_F(AclLog, EachPartMakesItAnother)
{
    add("a", 1);
    add("b", 1);
    add("a", 1, ACL_DENIED_CHANNEL);
    add("a", 1, ACL_DENIED_KEY, "eve");
    add("a", 1, ACL_DENIED_KEY, "bob", ACL_IN_MULTI);
    EXPECT_EQ(acl_log_each(
                  log, 100, [](void *, const acl_log_entry *) {}, nullptr),
              5u);
}

// Only the ten latest are compared.
TEST_F(AclLog, OldOnesAreNotSearched)
{
    for (int i = 0; i < 11; i++)
        add(("k" + std::to_string(i)).c_str(), 1);
    add("k0", 1);
    EXPECT_EQ(acl_log_each(
                  log, 100, [](void *, const acl_log_entry *) {}, nullptr),
              12u);
    add("k1", 1);
    EXPECT_EQ(acl_log_each(
                  log, 100, [](void *, const acl_log_entry *) {}, nullptr),
              13u);
    add("k5", 1);
    EXPECT_EQ(acl_log_each(
                  log, 100, [](void *, const acl_log_entry *) {}, nullptr),
              13u);
}

TEST_F(AclLog, Length)
{
    acl_log_set_max(log, 2);
    for (const char *object : {"a", "b", "c"})
        add(object, 1);
    EXPECT_EQ(shown(), "c#2x1@1-1 b#1x1@1-1 ");
    acl_log_set_max(log, 0);
    EXPECT_EQ(shown(), "c#2x1@1-1 b#1x1@1-1 ") << "until somebody is refused";
    add("d", 1);
    EXPECT_EQ(shown(), "");
}

} // namespace
