// The history: which ids are good for which offsets.
#include "persist/repl/repl_state.h"

#include <gtest/gtest.h>

#include <string>

namespace
{

bool knows(const history &h, const std::string &id, int64_t wanted)
{
    return history_knows(&h, bytes_of(id.data(), id.size()), wanted);
}

TEST(History, BeginsWithAnIdOfItsOwn)
{
    history a, b;
    history_begin(&a);
    history_begin(&b);
    EXPECT_STRNE(a.id, b.id);
    EXPECT_EQ(std::string(a.id2), std::string(40, '0'));
    EXPECT_EQ(a.second_offset, -1);
    EXPECT_TRUE(knows(a, a.id, 1));
    EXPECT_FALSE(knows(a, b.id, 1));
    EXPECT_FALSE(knows(a, std::string(40, '0'), -1));
    EXPECT_FALSE(knows(a, "?", -1));
}

// The old id is good up to the byte behind the last one that it knows, and no further.
TEST(History, TheSecondIdEndsWhereTheFirstBegins)
{
    history h;
    history_begin(&h);
    const std::string old = h.id;
    history_shift(&h, nullptr, 100);
    EXPECT_EQ(std::string(h.id2), old);
    EXPECT_NE(std::string(h.id), old);
    EXPECT_TRUE(knows(h, old, 101));
    EXPECT_FALSE(knows(h, old, 102));
    EXPECT_TRUE(knows(h, h.id, 102));
    const std::string given(40, 'b');
    history_shift(&h, given.c_str(), 200);
    EXPECT_EQ(std::string(h.id), given);
    EXPECT_FALSE(knows(h, old, 50)); // two back is not known any more
}

// What a file says of an earlier life: replicas may have more than it.
TEST(History, AFileGivesASecondIdOnly)
{
    history h;
    const std::string id(40, 'a');
    history_after(&h, id.c_str(), 1000);
    EXPECT_NE(std::string(h.id), id);
    EXPECT_TRUE(knows(h, id, 1001));
    EXPECT_FALSE(knows(h, id, 1201));
    history_adopt(&h, id.c_str());
    EXPECT_TRUE(knows(h, id, 1201));
    EXPECT_EQ(h.second_offset, -1);
}

} // namespace
