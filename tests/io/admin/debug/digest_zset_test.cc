// Digests of sorted sets against those of a redis-server 7.0.
#include "core/types/zset.h"
#include "io/admin/debug/digest.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace
{

std::string digest_of(std::vector<std::pair<const char *, double>> elements, uint64_t entries)
{
    std::vector<zset_item> items;
    for (const auto &[member, score] : elements)
        items.push_back(zset_item_of(bytes_cstr(member), score));
    type_limits limits{};
    limits.zset_max_listpack_entries = entries;
    limits.zset_max_listpack_value = 64;
    buf scratch{};
    value v;
    EXPECT_EQ(zset_from_items(items.data(), items.size(), &limits, &scratch, &v), LK_OK);
    digest d{};
    digest_value(&d, &v, false);
    value_release(&v);
    buf_release(&scratch);
    char text[DIGEST_CHARS + 1];
    digest_print(&d, text);
    return text;
}

TEST(Digest, EqualsRedisForSortedSets)
{
    const double inf = std::numeric_limits<double>::infinity();
    for (const uint64_t entries : {100, 0}) {
        EXPECT_EQ(digest_of({{"a", 1}}, entries), "430190c6ed5abafff87d97b4f51a92796ed05895");
        EXPECT_EQ(digest_of({{"a", 1}, {"b", 0.1}, {"c", inf}, {"7", -2.5}, {"", 3}}, entries),
                  "777764ed9597d81d30a72e5cd90975583fb902b8");
    }
}

} // namespace
