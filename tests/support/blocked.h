/*
 * blocked.h — how many clients of a server wait for keys.
 */
#ifndef LK_TEST_BLOCKED_H
#define LK_TEST_BLOCKED_H

#include "tests/support/client.h"
#include "tests/support/process.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace lk
{

inline int64_t clients_figure(Client &client, const std::string &name)
{
    const std::string text = client.call({"INFO", "clients"}).text;
    const size_t at = text.find(name + ":");
    return at == std::string::npos ? -1 : std::stoll(text.substr(at + name.size() + 1));
}

/* Until so many clients are blocked, and no longer than patience. */
inline void wait_blocked(Client &client, int64_t count)
{
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    while (clients_figure(client, "blocked_clients") != count)
        ASSERT_LT(std::chrono::steady_clock::now(), limit)
            << "never " << count << " blocked clients";
}

} // namespace lk

#endif
