#include "check.hpp"

#include <cstdio>
#include <exception>
#include <vector>

namespace check {
namespace {

struct Entry {
  const char* name;
  Test test;
};

// A static inside a function, so that it exists before another file adds its first test.
std::vector<Entry>& entries() {
  static std::vector<Entry> list;
  return list;
}

int failures = 0;

}  // namespace

bool add(const char* name, Test test) {
  entries().push_back({name, test});
  return true;
}

void fail(const char* file, int line, const std::string& message) {
  ++failures;
  std::fprintf(stderr, "%s:%d: %s\n", file, line, message.c_str());
}

}  // namespace check

int main() {
  int failed_tests = 0;
  for (const auto& entry : check::entries()) {
    const int before = check::failures;
    try {
      entry.test();
    } catch (const std::exception& error) {
      check::fail(entry.name, 0, std::string("threw ") + error.what());
    }
    const bool ok = check::failures == before;
    failed_tests += !ok;
    std::printf("%s  %s\n", ok ? "ok    " : "FAILED", entry.name);
  }
  std::printf("%zu tests, %d failed\n", check::entries().size(), failed_tests);
  return failed_tests == 0 && !check::entries().empty() ? 0 : 1;
}
