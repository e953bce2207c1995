import "@mantine/core/styles.layer.css";
import "@mantine/notifications/styles.layer.css";
import "@mantine/spotlight/styles.layer.css";
import "./theme/tokens.css";
import "./theme/global.css";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { credentials } from "./api/client";
import { queryClient } from "./api/query";
import { loadPage, router } from "./app/router";
import { Gate } from "./session/Gate";
import { accountOfAddress, SessionProvider } from "./session/SessionProvider";
import { colorSchemeManager, cssVariables, theme } from "./theme/theme";

credentials.account = accountOfAddress();
// The page's code comes while the server is asked who is signed in.
loadPage();

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      colorSchemeManager={colorSchemeManager}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
    >
      <Notifications position="bottom-right" limit={4} />
      <QueryClientProvider client={queryClient}>
        <SessionProvider>
          <Gate>
            <RouterProvider router={router} />
          </Gate>
        </SessionProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
