// Ant Design as this application uses it: our colours, the language, and styles that carry the page's nonce. Wrap a face in
// it; never import `antd` from the portal.

import { App, ConfigProvider, theme as antd } from "antd";
import enGB from "antd/locale/en_GB";
import zhCN from "antd/locale/zh_CN";
import { useMemo, type ReactNode } from "react";
import { nonce } from "../city";
import { useLanguage } from "../i18n/language";
import { useTheme } from "./theme";

const light = { colorPrimary: "#0f4c81", colorError: "#b71f26", colorSuccess: "#1a7f4b", colorWarning: "#8a5600", colorInfo: "#1f62b8", colorTextBase: "#14202e", colorWarningBg: "#fdf0d5", colorErrorBg: "#fdeaea", colorSuccessBg: "#e3f4ea", colorInfoBg: "#e4effc", colorBgLayout: "#f3f6f9", colorTextPlaceholder: "#5d6874", colorTextDisabled: "#5d6874" };
const dark = { colorPrimary: "#7db7ec", colorError: "#ff8b88", colorSuccess: "#5fcb93", colorWarning: "#f0bd57", colorInfo: "#82b4f5", colorBgBase: "#17222e", colorBgContainer: "#17222e", colorBgElevated: "#1f2c3a", colorBgLayout: "#0e161f", colorBorder: "#6b7a89", colorBorderSecondary: "#2b3947", colorTextPlaceholder: "#a2aeba", colorTextDisabled: "#a2aeba", colorLink: "#82b4f5", colorLinkHover: "#a8ccfb" };

export function AntdFrame({ children }: { children: ReactNode }) {
  const language = useLanguage();
  const theme = useTheme();
  const config = useMemo(
    () => ({
      algorithm: theme === "dark" ? antd.darkAlgorithm : antd.defaultAlgorithm,
      token: {
        ...(theme === "dark" ? dark : light),
        borderRadius: 8,
        fontSize: 14,
        fontFamily: 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif',
        motion: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      },
      components: theme === "dark" ? { Button: { primaryColor: "#06121d" } } : {},
    }),
    [theme],
  );
  return (
    <ConfigProvider theme={config} locale={language === "zh" ? zhCN : enGB} csp={{ nonce }} button={{ autoInsertSpace: false }}>
      <App component={false}>{children}</App>
    </ConfigProvider>
  );
}
