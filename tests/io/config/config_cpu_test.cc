// Quotas of cgroups, in files of both versions.
#include "tests/io/config/config_fixture.h"

namespace
{

class ConfigCpu : public ConfigTest
{
  protected:
    void put(const std::string &path, const std::string &text) const
    {
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        write(path, text);
    }
    int quota(const std::string &path) const
    {
        return config_cpu_quota((dir + "/cg").c_str(), path.c_str());
    }
};

TEST_F(ConfigCpu, VersionTwoTakesTheSmallestOnTheWay)
{
    put("cg/a/b/cpu.max", "max 100000\n");
    EXPECT_EQ(quota("/a/b"), 0);
    put("cg/a/cpu.max", "350000 100000\n");
    EXPECT_EQ(quota("/a/b"), 4) << "half a CPU counts as one";
    put("cg/a/b/cpu.max", "200000 100000\n");
    EXPECT_EQ(quota("/a/b"), 2);
    EXPECT_EQ(quota("/a"), 4);
    EXPECT_EQ(quota("/"), 0);
    put("cg/cpu.max", "50000 100000\n");
    EXPECT_EQ(quota("/"), 1);
    EXPECT_EQ(quota("/a/b"), 1);
    EXPECT_EQ(quota("/not/there"), 1);
}

TEST_F(ConfigCpu, VersionOne)
{
    put("cg/cpu/a/cpu.cfs_quota_us", "-1\n");
    put("cg/cpu/a/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(quota("/a"), 0);
    put("cg/cpu/a/cpu.cfs_quota_us", "150000\n");
    EXPECT_EQ(quota("/a"), 2);
}

TEST_F(ConfigCpu, OddFilesAreNoQuota)
{
    put("cg/a/cpu.max", "");
    EXPECT_EQ(quota("/a"), 0);
    put("cg/a/cpu.max", "100000\n");
    EXPECT_EQ(quota("/a"), 0);
    put("cg/a/cpu.max", "100000 0\n");
    EXPECT_EQ(quota("/a"), 0);
    put("cg/a/cpu.max", "-5 100000\n");
    EXPECT_EQ(quota("/a"), 0);
    EXPECT_EQ(quota(std::string(3000, '/')), 0);
}

TEST_F(ConfigCpu, ThisMachineHasOne)
{
    EXPECT_GE(config_cpu_count(), 1);
}

} // namespace
