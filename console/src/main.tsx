import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Refused } from "./api/client";
import { router } from "./app/router";
import "./design/tokens.css";
import "./design/ground.css";
import "./design/frame.css";
import "./design/parts.css";
import { Live } from "./live/context";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2000,
      // What the server refused it will refuse again; what did not answer may.
      retry: (failures, error) => failures < 1 && error instanceof Refused && error.problem.status === 0,
      retryDelay: 400,
      networkMode: "always",
    },
  },
});

const place = document.getElementById("root");
if (place)
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <Live><RouterProvider router={router} /></Live>
      </QueryClientProvider>
    </StrictMode>,
  );
