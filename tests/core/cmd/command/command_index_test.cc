// Names of any size and case, and those that are nearly names.
#include "core/base/status.h"
#include "core/cmd/command/command_index.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace
{

const std::vector<std::string> names = {"a",
                                        "ab",
                                        "get",
                                        "set",
                                        "incr",
                                        "mget",
                                        "lpush",
                                        "zadd",
                                        "zincrby",
                                        "sinterstore",
                                        "zrangestore",
                                        "sdiffstore",
                                        "restore-asking",
                                        "georadius_ro",
                                        "zrevrangebyscore",
                                        "georadiusbymember",
                                        "georadiusbymember_ro",
                                        "a{b",
                                        "x_y",
                                        "quite-a-long-name-of-a-command"};

class Index : public testing::Test
{
  protected:
    void SetUp() override
    {
        for (const std::string &name : names) {
            command row{};
            row.name = name.c_str();
            row.arity = 1;
            rows_.push_back(row);
        }
        rows_.push_back(command{});
        index_ = command_index_new();
        command_index_add(index_, rows_.data());
    }
    void TearDown() override
    {
        command_index_free(index_);
    }
    std::string find(const std::string &name) const
    {
        const command_info *c = command_index_find(index_, bytes_of(name.data(), name.size()));
        return c ? c->row->name : "";
    }

    std::vector<command> rows_;
    command_index *index_ = nullptr;
};

std::string upper(std::string s)
{
    for (char &c : s)
        c = c >= 'a' && c <= 'z' ? (char)(c - 0x20) : c;
    return s;
}

TEST_F(Index, FindsEveryNameInAnyCase)
{
    for (const std::string &name : names) {
        EXPECT_EQ(find(name), name);
        EXPECT_EQ(find(upper(name)), name);
        std::string mixed = name;
        mixed[0] = upper(name)[0];
        EXPECT_EQ(find(mixed), name);
    }
}

TEST_F(Index, ANameWithAnyOtherByteIsNone)
{
    for (const std::string &name : names)
        for (size_t at = 0; at < name.size(); at++)
            for (int byte = 0; byte < 256; byte++) {
                std::string other = name;
                other[at] = (char)byte;
                std::string wanted;
                for (const std::string &n : names)
                    if (upper(n) == upper(other))
                        wanted = n;
                ASSERT_EQ(find(other), wanted) << name << " with byte " << byte << " at " << at;
            }
}

TEST_F(Index, ShorterAndLongerNamesAreNone)
{
    for (const std::string &name : names) {
        EXPECT_EQ(find(name + '\0'), "");
        EXPECT_EQ(find(name + "q"), "");
        EXPECT_EQ(find(std::string(1, '\0') + name), "");
    }
    EXPECT_EQ(find(""), "");
    EXPECT_EQ(find("ge"), "");
    EXPECT_EQ(find(std::string(64, 'x')), "");
    EXPECT_EQ(find(std::string(100000, 'x')), "");
}

TEST_F(Index, RenamesToShortLongAndNothing)
{
    const auto rename = [&](const char *from, const char *to) {
        return command_index_rename(index_, bytes_cstr(from), bytes_cstr(to));
    };
    const std::string secret = "0123456789abcdef0123456789abcdef01234567";
    EXPECT_EQ(rename("get", secret.c_str()), LK_OK);
    EXPECT_EQ(find("get"), "");
    EXPECT_EQ(find(secret), "get");
    EXPECT_EQ(find(upper(secret)), "get");
    EXPECT_EQ(rename("set", "G[T"), LK_OK);
    EXPECT_EQ(find("g[t"), "set");
    EXPECT_EQ(find("g{t"), "");
    EXPECT_EQ(rename("incr", ""), LK_OK);
    EXPECT_EQ(find("incr"), "");
    EXPECT_EQ(rename("incr", "more"), LK_ENOKEY);
    EXPECT_EQ(rename("mget", "zadd"), LK_EBUSY);
    EXPECT_EQ(rename("quite-a-long-name-of-a-command", "q"), LK_OK);
    EXPECT_EQ(find("Q"), "quite-a-long-name-of-a-command");
}

} // namespace
