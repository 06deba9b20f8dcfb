// The one entry: which face is shown follows from the address; each face is loaded when somebody goes there.

import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter, Outlet, RouterProvider, useRouteError } from "react-router";
import { forgetPurposes } from "./shared/api/purpose";
import { queryClient } from "./shared/api/queries";
import { useLanguage } from "./shared/i18n/language";
import { Listening } from "./shared/live/listening";
import { SessionProvider } from "./shared/session/session";
import { lazy } from "./shared/ui/lazy_screen";
import { Holding, Loading } from "./shared/ui/parts";
import "./shared/ui/nonce";
import "./shared/ui/parts.css";
import "./shared/ui/theme";
import "./shared/ui/tokens.css";

const patience = 400; // ms

const Portal = lazy(() => import("./faces/portal/portal"));
const Field = lazy(() => import("./faces/field/field"));
const Desk = lazy(() => import("./faces/desk/desk"));
const Centre = lazy(() => import("./faces/centre/centre"));

// After an upgrade the pieces that an open tab knows are gone: it loads itself anew, once.
addEventListener("vite:preloadError", (event) => {
  if (sessionStorage.getItem("yiwang-reloaded") === location.pathname) return;
  sessionStorage.setItem("yiwang-reloaded", location.pathname);
  event.preventDefault();
  location.reload();
});

function Root() {
  useLanguage();
  return (
    <QueryClientProvider client={queryClient}>
      <SessionProvider onChange={() => (forgetPurposes(), queryClient.clear())}>
        <Listening />
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </SessionProvider>
    </QueryClientProvider>
  );
}

function Failed(): never {
  const error = useRouteError();
  throw error instanceof Error ? error : new Error(String(error));
}

const router = createBrowserRouter([
  {
    element: <Root />,
    errorElement: (
      <Holding>
        <Failed />
      </Holding>
    ),
    children: [
      { path: "/field/*", element: <Field /> },
      { path: "/desk/*", element: <Desk /> },
      { path: "/centre/*", element: <Centre /> },
      { path: "/*", element: <Portal /> },
    ],
  },
]);

const host = document.getElementById("app");
if (!host) throw new Error("index.html has no #app");
const first = { field: Field, desk: Desk, centre: Centre }[location.pathname.split("/")[1] ?? ""] ?? Portal;
// The face that the address names is drawn as soon as it is here; a slow line shows that something is on its way.
void Promise.race([first.ahead(), new Promise((resolve) => setTimeout(resolve, patience))]).then(() =>
  createRoot(host).render(
    <StrictMode>
      <RouterProvider router={router} />
    </StrictMode>,
  ),
);
