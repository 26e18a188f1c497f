// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// C++20 over the C ABI of <backline/plugin.h>: derive from `sdk::Plugin`, describe the plugin in
/// `static constexpr` members, end the file with `BACKLINE_PLUGIN(Type);`.
///
///     class Invert final : public backline::sdk::Plugin {
///       public:
///         static constexpr sdk::Info info{.id = "org.example.invert", .name = "Invert", ...};
///         static constexpr bl_port ports[] = {sdk::main_in(), sdk::main_out()};
///         bl_status process(sdk::Process p) noexcept override { ... }
///     };
///     BACKLINE_PLUGIN(Invert);
///
/// Read from the class: `info` and `ports`; where declared also `params`, `results` (arrays) and
/// `worker`. Overrides must be public; an optional one that is not overridden is NULL in the ABI.
/// Declare the class `final` and the call from the host into it costs one indirect jump.

#include <backline/describe.hpp>
#include <backline/extensions.hpp>
#include <backline/process.hpp>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string_view>
#include <type_traits>

namespace backline::sdk {

/// Thrown by activate() for a rate or layout the plugin cannot serve: BL_UNSUPPORTED.
struct Unsupported : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Base class of a plugin instance. Roles and states are those of <backline/plugin.h>. What is not
/// `noexcept` may throw: the host sees a failure status and the log shows the message.
class Plugin {
  public:
    Plugin() = default;
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;
    virtual ~Plugin() = default;

    /// Prepares for process(); the only place to allocate. Parameters start at their defaults.
    /// [loader & !active]
    virtual void activate(const Activation& /*how*/) {}
    /// Undoes activate(). [loader & active]
    virtual void deactivate() {}
    /// Computes one call's worth of output, the same however a run is cut into calls; BL_ERROR
    /// silences the outputs of this call. [audio & active]
    virtual bl_status process(Process p) noexcept = 0;
    /// Forgets signal history, keeps parameters and files. [audio & active]
    virtual void reset() noexcept {}
    /// Carries out one job. [worker & active]
    virtual void work(std::span<const std::byte> /*job*/) {}
    /// Receives what work() sent by host.respond(). [audio & active]
    virtual void on_response(std::span<const std::byte> /*response*/) noexcept {}
    /// Frames from main input to main output. [any & active]
    virtual uint32_t latency() const noexcept { return 0; }
    /// Frames that sound goes on after the input has ended; UINT64_MAX: for ever. [any & active]
    virtual uint64_t tail() const noexcept { return 0; }
    /// Function table of an extension the SDK does not know, or nullptr. [any]
    virtual const void* extension(const char* /*id*/) noexcept { return nullptr; }

    /// The host; valid from after construction until destruction.
    Host host;

  private:
    template <class>
    friend struct Abi;
    bl_plugin abi_{};
};

/// The C functions of plugin type T, each as documented in <backline/plugin.h>. Authors use
/// BACKLINE_PLUGIN instead.
template <class T>
struct Abi {
    /// The instance behind the C structure.
    static T& of(const bl_plugin* self) noexcept { return *static_cast<T*>(self->data); }

    /// Runs a control-side call; an exception becomes a status and a line in the log.
    template <class Call>
    static bl_status guarded(const bl_plugin* self, Call&& call) noexcept {
        const auto report = [self](bl_status status, const char* text) {
            of(self).host.log(BL_LOG_ERROR, text);
            return status;
        };
        try {
            call(of(self));
            return BL_OK;
        } catch (const std::bad_alloc&) {
            return report(BL_NO_MEMORY, "out of memory");
        } catch (const Unsupported& e) {
            return report(BL_UNSUPPORTED, e.what());
        } catch (const std::exception& e) {
            return report(BL_ERROR, e.what());
        } catch (...) {
            return report(BL_ERROR, "unknown exception");
        }
    }

    /** bl_plugin.activate */
    static bl_status activate(const bl_plugin* self, const bl_activation* how) noexcept {
        return guarded(self, [how](T& t) { t.activate(Activation(*how)); });
    }
    /** bl_plugin.deactivate */
    static void deactivate(const bl_plugin* self) noexcept {
        guarded(self, [](T& t) { t.deactivate(); });
    }
    /** bl_plugin.destroy */
    static void destroy(const bl_plugin* self) noexcept { delete &of(self); }
    /** bl_plugin.process */
    static bl_status process(const bl_plugin* self, const bl_process* p) noexcept {
        return of(self).process(Process(*p));
    }
    /** bl_plugin.reset */
    static void reset(const bl_plugin* self) noexcept { of(self).reset(); }
    /** bl_plugin.work */
    static void work(const bl_plugin* self, const void* job, uint32_t size) noexcept {
        guarded(self, [=](T& t) { t.work({static_cast<const std::byte*>(job), size}); });
    }
    /** bl_plugin.on_response */
    static void on_response(const bl_plugin* self, const void* response, uint32_t size) noexcept {
        of(self).on_response({static_cast<const std::byte*>(response), size});
    }
    /** bl_plugin.latency */
    static uint32_t latency(const bl_plugin* self) noexcept { return of(self).latency(); }
    /** bl_plugin.tail */
    static uint64_t tail(const bl_plugin* self) noexcept { return of(self).tail(); }
    /** bl_plugin.get_extension */
    static const void* get_extension(const bl_plugin* self, const char* id) noexcept {
        const std::string_view name(id);
        if constexpr (requires { typename T::FileObject; })
            if (name == BL_EXT_FILE) return &file_table<T>;
        if constexpr (std::is_base_of_v<State, T>)
            if (name == BL_EXT_STATE) return &state_table<T>;
        return of(self).extension(id);
    }

    /** bl_descriptor.create */
    static const bl_plugin* create(const bl_descriptor* descriptor, const bl_host* host) noexcept {
        try {
            auto instance = std::make_unique<T>();
            instance->host = Host(host);
            bl_plugin& abi = static_cast<Plugin&>(*instance).abi_;
            abi.struct_size = sizeof abi;
            abi.descriptor = descriptor;
            abi.data = instance.get();
            abi.activate = activate;
            abi.deactivate = deactivate;
            abi.destroy = destroy;
            abi.process = process;
            abi.get_extension = get_extension;
            if constexpr (overridden(&T::reset, &Plugin::reset)) abi.reset = reset;
            if constexpr (overridden(&T::work, &Plugin::work)) abi.work = work;
            if constexpr (overridden(&T::on_response, &Plugin::on_response))
                abi.on_response = on_response;
            if constexpr (overridden(&T::latency, &Plugin::latency)) abi.latency = latency;
            if constexpr (overridden(&T::tail, &Plugin::tail)) abi.tail = tail;
            instance.release();
            return &abi;
        } catch (...) { // the host may not be called here: NULL says it all
            return nullptr;
        }
    }

  private:
    /// A member function that T inherits unchanged has the type "member of Plugin".
    template <class Own, class Inherited>
    static consteval bool overridden(Own, Inherited) {
        return !std::is_same_v<Own, Inherited>;
    }
};

/// The descriptor of plugin type T, all of it constant data.
template <class T>
inline constexpr bl_descriptor descriptor = [] {
    bl_descriptor d{};
    d.struct_size = sizeof d;
    d.kind = T::info.kind;
    d.id = T::info.id;
    d.name = T::info.name;
    d.version = T::info.version;
    d.vendor = T::info.vendor;
    d.about = T::info.about;
    d.tail_s = T::info.tail_s;
    d.ports = std::data(T::ports);
    d.port_count = static_cast<uint32_t>(std::size(T::ports));
    d.port_size = sizeof(bl_port);
    if constexpr (requires { T::params; }) {
        d.params = std::data(T::params);
        d.param_count = static_cast<uint32_t>(std::size(T::params));
        d.param_size = sizeof(bl_param);
    }
    if constexpr (requires { T::results; }) {
        d.results = std::data(T::results);
        d.result_count = static_cast<uint32_t>(std::size(T::results));
        d.result_size = sizeof(bl_result);
    }
    if constexpr (requires { T::worker; }) d.worker = T::worker;
    d.create = Abi<T>::create;
    return d;
}();

/// The descriptors of a library, in the order given.
template <class... T>
inline constexpr const bl_descriptor* descriptors[] = {&descriptor<T>...};

/// The entry of a library with plugins T...
template <class... T>
inline constexpr bl_entry entry{sizeof(bl_entry), BL_ABI_VERSION, descriptors<T...>, sizeof...(T)};

} // namespace backline::sdk

/// Exports the library's entry symbol; once per library, at global scope, with its plugin types.
#define BACKLINE_PLUGIN(...)                                                                       \
    BL_EXPORT const bl_entry backline_plugin_entry;                                                \
    constinit const bl_entry backline_plugin_entry = ::backline::sdk::entry<__VA_ARGS__>
