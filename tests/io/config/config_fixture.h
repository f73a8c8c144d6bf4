// config_fixture.h — a configuration in a directory of its own, spoken to as a client does.
#ifndef LK_TESTS_IO_CONFIG_FIXTURE_H
#define LK_TESTS_IO_CONFIG_FIXTURE_H

#include "core/base/status.h"
#include "io/config/config_priv.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using Pairs = std::vector<std::pair<std::string, std::string>>;

inline struct bytes view(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

inline std::string text_of(struct bytes b)
{
    return std::string(b.data ? b.data : "", b.size);
}

// A buf whose bytes become a string when it is read.
struct Text {
    struct buf buf = {};
    ~Text()
    {
        buf_release(&buf);
    }
    std::string str() const
    {
        return text_of(buf_bytes(&buf));
    }
};

class ConfigTest : public testing::Test
{
  protected:
    ConfigTest()
    {
        home = std::filesystem::current_path();
        std::string name = (std::filesystem::temp_directory_path() / "latchkey-config-XXXXXX");
        dir = std::filesystem::canonical(mkdtemp(name.data()));
        std::filesystem::current_path(dir);
        holder = config_holder_new();
        register_parts();
    }

    ~ConfigTest() override
    {
        config_holder_free(holder);
        std::filesystem::current_path(home);
        std::filesystem::remove_all(dir);
    }

    void renew()
    {
        config_holder_free(holder);
        std::filesystem::current_path(dir);
        holder = config_holder_new();
        register_parts();
    }

    // A server that has every feature, and parts that follow whatever changes.
    virtual void register_parts()
    {
        for (int id = CONFIG_HOOK_NONE + 1; id < CONFIG_HOOKS; id++) {
            const struct config_hook hook = {nullptr, nullptr, nullptr};
            config_register(holder, static_cast<config_hook_id>(id), &hook);
        }
        for (int f = CONFIG_NEEDS_NOTHING + 1; f < CONFIG_FEATURES; f++)
            config_provide(holder, static_cast<config_feature>(f));
    }

    void write(const std::string &name, const std::string &text) const
    {
        std::ofstream(std::filesystem::path(dir) / name, std::ios::binary) << text;
    }

    std::string read(const std::string &name) const
    {
        std::ifstream in(std::filesystem::path(dir) / name, std::ios::binary);
        std::stringstream all;
        all << in.rdbuf();
        return all.str();
    }

    // "" when the text was taken, or the block for standard error.
    std::string load(const std::string &text)
    {
        Text error;
        const int rc = config_load_text(holder, view(text), &error.buf);
        EXPECT_EQ(rc == LK_OK, error.str().empty());
        return error.str();
    }

    // The same for a command line; input is what standard input holds.
    std::string load_args(std::vector<std::string> args, const std::string &input = "")
    {
        Text error;
        std::vector<char *> argv;
        args.insert(args.begin(), "latchkey-server");
        for (std::string &a : args)
            argv.push_back(a.data());
        write(".stdin", input);
        FILE *in = fopen((dir + "/.stdin").c_str(), "re");
        const int rc =
            config_load_args(holder, (int)argv.size(), argv.data(), fileno(in), &error.buf);
        fclose(in);
        std::filesystem::remove(dir + "/.stdin");
        EXPECT_EQ(rc == LK_OK, error.str().empty());
        return error.str();
    }

    Pairs get_all(const std::vector<std::string> &patterns) const
    {
        Pairs found;
        std::vector<struct bytes> list;
        for (const std::string &p : patterns)
            list.push_back(view(p));
        config_get(
            holder, list.data(), list.size(),
            [](void *ctx, struct bytes name, struct bytes value) {
                static_cast<Pairs *>(ctx)->emplace_back(text_of(name), text_of(value));
            },
            &found);
        return found;
    }

    std::string get(const std::string &name) const
    {
        const Pairs found = get_all({name});
        return found.size() == 1 ? found[0].second : "(" + std::to_string(found.size()) + ")";
    }

    // "OK" or the error that the client sees.
    std::string set(const Pairs &pairs, bool local = true)
    {
        Text error;
        std::vector<struct config_pair> list;
        for (const auto &p : pairs)
            list.push_back({view(p.first), view(p.second)});
        const int rc = config_set(holder, list.data(), list.size(), local, &error.buf);
        EXPECT_EQ(rc == LK_OK, error.str().empty());
        return rc == LK_OK ? "OK" : error.str();
    }

    const struct config *now() const
    {
        return config_current(holder);
    }

    std::string home, dir; // where the test began, and its own
    struct config_holder *holder = nullptr;
};

#endif
