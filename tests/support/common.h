/*
 * common.h — the headers that most tests read, read once a build.
 *
 * CMake precompiles it; each test still includes what it uses.
 */
#ifndef LK_TESTS_COMMON_H
#define LK_TESTS_COMMON_H

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#endif
