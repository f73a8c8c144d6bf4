// Numbers have a meaning only together with a version.
#include "persist/rdb/rdb_codes.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace
{

TEST(RdbCodes, EveryNameIsUsedOnce)
{
    for (const unsigned version : {12u, 80u}) {
        std::set<std::string> names;
        unsigned values = 0, opcodes = 0;
        for (unsigned code = 0; code < 300; code++) {
            const rdb_code *row = rdb_code_find(version, code);
            if (!row)
                continue;
            EXPECT_EQ(row->code, code);
            EXPECT_TRUE(names.insert(row->name).second) << row->name;
            (row->opcode ? opcodes : values)++;
            EXPECT_EQ(row->opcode, code >= 243) << row->name;
        }
        EXPECT_EQ(values, version == 12 ? 25u : 22u);
        EXPECT_EQ(opcodes, version == 12 ? 12u : 13u);
    }
}

TEST(RdbCodes, ValkeyUsesNumbersOfItsOwn)
{
    EXPECT_STREQ(rdb_code_find(12, 22)->name, "hash-hashtable-md-pre-release");
    EXPECT_STREQ(rdb_code_find(80, 22)->name, "hash-volatile-items");
    EXPECT_EQ(rdb_code_find(80, RDB_HASH_METADATA), nullptr);
    EXPECT_EQ(rdb_code_find(12, RDB_OP_SLOT_IMPORT), nullptr);
    EXPECT_STREQ(rdb_code_find(80, RDB_OP_SLOT_IMPORT)->name, "slot-import");
    EXPECT_STREQ(rdb_code_find(80, RDB_SET_LISTPACK)->name, "set-listpack");
}

TEST(RdbCodes, OlderVersionsAreGivenTheBenefitOfTheDoubt)
{
    EXPECT_STREQ(rdb_code_find(1, RDB_HASH_LISTPACK)->name, "hash-listpack");
    EXPECT_EQ(rdb_code_find(1, RDB_HASH_LISTPACK)->since, 10);
    EXPECT_EQ(rdb_code_find(9, 8), nullptr);
    EXPECT_EQ(rdb_code_find(9, 100), nullptr);
}

} // namespace
