; The installer for Windows, from the folder that PyInstaller made (README, "Bundles"):
;     iscc /DVersion=0.1.0 resources\desktop\cnn-explorer.iss
#ifndef Version
  #define Version "0.0.0"
#endif

[Setup]
AppId=org.cnn-explorer.CNNExplorer
AppName=CNN Explorer
AppVersion={#Version}
AppPublisher=The CNN Explorer authors
DefaultDirName={autopf}\CNN Explorer
DefaultGroupName=CNN Explorer
; Without the rights of an administrator, for this user alone.
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
LicenseFile=..\..\LICENSE
SetupIconFile=cnn-explorer.ico
UninstallDisplayIcon={app}\cnn-explorer.exe
OutputDir=..\..\dist
OutputBaseFilename=cnn-explorer-{#Version}-setup
Compression=lzma2
SolidCompression=yes
ChangesAssociations=yes
WizardStyle=modern

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[Files]
Source: "..\..\dist\cnn-explorer\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs
Source: "application-x-cnnx.ico"; DestDir: "{app}"

[Icons]
Name: "{group}\CNN Explorer"; Filename: "{app}\cnn-explorer.exe"
Name: "{autodesktop}\CNN Explorer"; Filename: "{app}\cnn-explorer.exe"; Tasks: desktopicon

[Registry]
Root: HKA; Subkey: "Software\Classes\.cnnx"; ValueType: string; ValueData: "CNNExplorer.Project"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\.cnnx"; ValueType: string; ValueName: "Content Type"; ValueData: "application/x-cnnx"
Root: HKA; Subkey: "Software\Classes\CNNExplorer.Project"; ValueType: string; ValueData: "CNN Explorer project"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\CNNExplorer.Project\DefaultIcon"; ValueType: string; ValueData: "{app}\application-x-cnnx.ico"
Root: HKA; Subkey: "Software\Classes\CNNExplorer.Project\shell\open\command"; ValueType: string; ValueData: """{app}\cnn-explorer.exe"" ""%1"""
Root: HKA; Subkey: "Software\Classes\cnn-explorer"; ValueType: string; ValueData: "URL:CNN Explorer"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\cnn-explorer"; ValueType: string; ValueName: "URL Protocol"; ValueData: ""
Root: HKA; Subkey: "Software\Classes\cnn-explorer\shell\open\command"; ValueType: string; ValueData: """{app}\cnn-explorer.exe"" ""%1"""

[Run]
Filename: "{app}\cnn-explorer.exe"; Description: "{cm:LaunchProgram,CNN Explorer}"; Flags: nowait postinstall skipifsilent
