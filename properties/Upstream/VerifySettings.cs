using System.Runtime.CompilerServices;

namespace VerifyTests;

/// <summary>Where a snapshot lies.</summary>
public sealed class VerifySettings
{
    internal string? FileName { get; private set; }

    internal string? Directory { get; private set; }

    internal string? TypeName { get; private set; }

    internal string? MethodName { get; private set; }

    /// <summary>Names the snapshot otherwise than after class and method.</summary>
    public void UseFileName(string fileName) => FileName = fileName;

    /// <summary>A directory relative to the test's source file.</summary>
    public void UseDirectory(string directory) => Directory = directory;

    /// <summary>Takes another name in the class's place.</summary>
    public void UseTypeName(string name) => TypeName = name;

    /// <summary>Takes another name in the method's place.</summary>
    public void UseMethodName(string name) => MethodName = name;
}

/// <summary>A comparison that begins when it is awaited, so that settings can still be given.</summary>
public sealed class SettingsTask(VerifySettings? settings, Func<VerifySettings, Task> build)
{
    private readonly VerifySettings settings = settings ?? new VerifySettings();
    private Task? task;

    /// <inheritdoc cref="VerifySettings.UseFileName"/>
    public SettingsTask UseFileName(string fileName)
    {
        settings.UseFileName(fileName);
        return this;
    }

    /// <inheritdoc cref="VerifySettings.UseDirectory"/>
    public SettingsTask UseDirectory(string directory)
    {
        settings.UseDirectory(directory);
        return this;
    }

    /// <inheritdoc cref="VerifySettings.UseTypeName"/>
    public SettingsTask UseTypeName(string name)
    {
        settings.UseTypeName(name);
        return this;
    }

    /// <inheritdoc cref="VerifySettings.UseMethodName"/>
    public SettingsTask UseMethodName(string name)
    {
        settings.UseMethodName(name);
        return this;
    }

    /// <summary>Begins the comparison.</summary>
    public Task ToTask() => task ??= build(settings);

    public TaskAwaiter GetAwaiter() => ToTask().GetAwaiter();

    public ConfiguredTaskAwaitable ConfigureAwait(bool continueOnCapturedContext) => ToTask().ConfigureAwait(continueOnCapturedContext);

    public static implicit operator Task(SettingsTask settingsTask) => settingsTask.ToTask();
}
